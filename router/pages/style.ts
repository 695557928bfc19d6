import { createHash } from 'node:crypto';

/** What all pages of the router look like, in light and dark by the reader's own setting. */
const BASE = `:root{color-scheme:light dark;--ink:#1b2330;--soft:#596476;--paper:#f6f7f9;--card:#fff;--line:#dce1e8;--edge:#8a94a3;--accent:#1c5bb8;--on-accent:#fff;--good:#17663a;--warn:#7a4f00;--alarm:#b3261e;--code:#eef1f5}
@media(prefers-color-scheme:dark){:root{--ink:#e4e8ee;--soft:#a2adbc;--paper:#12161c;--card:#1a2029;--line:#2e3641;--edge:#75818f;--accent:#8ab4f8;--on-accent:#0d1b33;--good:#81c995;--warn:#f2cc60;--alarm:#f5b5b0;--code:#11151b}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,sans-serif;-webkit-text-size-adjust:100%}
h1,h2,h3,h4,p,dl,dd,ul{margin:0;padding:0}h1{font-size:1.3rem;line-height:1.3;overflow-wrap:anywhere}
a{color:var(--accent);overflow-wrap:anywhere}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:.2rem}
.soft{color:var(--soft)}small,.small{font-size:.87rem}
`;

/** A narrow card in the middle of an empty page: sign-in, and everything that the router has to say instead of a task. */
const CARD = `body{min-height:100vh;display:grid;place-items:center;padding:1rem}
main{width:100%;max-width:30rem;padding:1.75rem;background:var(--card);border:1px solid var(--line);border-radius:.75rem}
main p{margin-top:.6rem;overflow-wrap:anywhere}
`;

/** One style sheet of a page, and the source by which a Content-Security-Policy knows it. */
export interface PageStyle {
  readonly element: string;
  readonly source: string;
}

/** A source that lets exactly this text in. */
export function hashSource(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** The common style and what a page adds to it. */
export function pageStyle(own: string): PageStyle {
  const text = BASE + own;
  return { element: `<style>${text}</style>`, source: hashSource(text) };
}

/** The style of a page that is one card. */
export function cardStyle(own: string): PageStyle {
  return pageStyle(CARD + own);
}
