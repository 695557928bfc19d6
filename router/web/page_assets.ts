import { createHash } from 'node:crypto';
import type { Html } from './html.ts';

/** Light and dark by the reader's own setting. */
const STYLE = `
:root { color-scheme: light dark; --ink: #1c2430; --soft: #566072; --paper: #f5f6f8; --card: #fff; --line: #d5dae2; --accent: #1f5fbf; --good: #1b6e3c; --warn: #8a5200; --alarm: #b3261e; --code: #eef1f5; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #a3adbb; --paper: #14181f; --card: #1d232c; --line: #3a4350; --accent: #8ab4f8; --good: #81c995; --warn: #fdd663; --alarm: #f2b8b5; --code: #12161c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
header, main, footer { max-width: 60rem; margin: 0 auto; padding: 1rem; }
header { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: center; justify-content: space-between; }
h1 { margin: 0; font-size: 1.4rem; }
h2 { margin: 1.5rem 0 0.75rem; font-size: 1.15rem; }
h3 { margin: 0; font-size: 1.05rem; overflow-wrap: anywhere; }
p { margin: 0.4rem 0; }
a { color: var(--accent); overflow-wrap: anywhere; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.account { display: flex; gap: 0.75rem; align-items: center; margin: 0; }
.soft { color: var(--soft); font-size: 0.9rem; }
.notice { margin: 0.75rem 0; padding: 0.6rem 0.9rem; border-left: 4px solid var(--warn); background: var(--card); }
.cards { display: grid; gap: 0.75rem; margin: 0; padding: 0; list-style: none; }
.card { padding: 1rem; background: var(--card); border: 1px solid var(--line); border-radius: 0.75rem; }
.way { display: grid; grid-template-columns: 6.5rem minmax(0, 1fr); gap: 0.25rem 0.75rem; margin: 0.6rem 0 0; }
.way dt { color: var(--soft); }
.way dd { margin: 0; }
.line { display: flex; gap: 0.5rem; align-items: flex-start; }
.line code { flex: 1; }
code { padding: 0.15rem 0.4rem; background: var(--code); border-radius: 0.3rem; font: 0.85rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
button { padding: 0.2rem 0.7rem; font: inherit; font-size: 0.9rem; color: var(--accent); background: transparent; border: 1px solid var(--line); border-radius: 0.4rem; cursor: pointer; }
button:hover { border-color: var(--accent); }
.state { font-weight: 600; }
.open { color: var(--good); } .waiting { color: var(--warn); } .refused { color: var(--alarm); }
dd ul { margin: 0; padding-left: 1.2rem; }
summary { cursor: pointer; color: var(--accent); }
details .line { margin-top: 0.4rem; }
@media (max-width: 36rem) { .way { grid-template-columns: 1fr; } .way dt { margin-top: 0.4rem; } }
`;

/** What the page can do better with scripts: copy a line, try a URL, times as the reader's clock has them. */
const SCRIPT = `
const status = document.getElementById('status');
const offer = (button, act) => { button.hidden = false; button.addEventListener('click', act); };
for (const button of document.querySelectorAll('button[data-copy]')) {
  offer(button, async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      status.textContent = 'Copied.';
    } catch {
      const selection = getSelection();
      selection.selectAllChildren(button.parentElement.firstElementChild);
      status.textContent = 'Selected; copy it with your keyboard.';
    }
  });
}
for (const button of document.querySelectorAll('button[data-try]')) {
  offer(button, async () => {
    button.disabled = true;
    const result = button.nextElementSibling;
    result.textContent = 'asking…';
    const began = performance.now();
    try {
      const answer = await fetch(button.dataset.try, { method: 'HEAD', redirect: 'manual' });
      const took = Math.round(performance.now() - began);
      result.textContent = answer.type === 'opaqueredirect' ? 'answers with a redirect, ' + took + ' ms'
        : [502, 503, 504].includes(answer.status) ? 'the task does not answer (' + answer.status + ')'
        : 'answers ' + answer.status + ', ' + took + ' ms';
    } catch {
      result.textContent = 'the router does not answer';
    }
    button.disabled = false;
  });
}
for (const time of document.querySelectorAll('time')) {
  time.textContent = new Date(time.dateTime).toLocaleString();
}
`;

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

// The policy goes by the hash of the exact text, so nobody may put white space around it.
export const STYLE_ELEMENT: Html = { markup: `<style>${STYLE}</style>` };
export const SCRIPT_ELEMENT: Html = { markup: `<script>${SCRIPT}</script>` };

/** Nothing runs on the page and nothing styles it but these two; nothing may frame it. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `style-src ${hashOf(STYLE)}`,
  `script-src ${hashOf(SCRIPT)}`,
  "connect-src 'self'",
  'img-src data:',
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
