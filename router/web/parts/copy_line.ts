import { html, type Html } from './html.ts';

/** A button that copies what stands before it; shown by scripts alone. `label` says what, for those who hear the page. */
function copyButton(label: string): Html {
  return html`<button type="button" hidden data-copy aria-label="Copy ${label}">Copy</button>`;
}

/** A line to be copied into a terminal or a file. */
export function codeLine(text: string, label: string): Html {
  return html`<div class="line"><code>${text}</code>${copyButton(label)}</div>`;
}

/** A link and a button that copies it. */
export function linkLine(url: string, label: string): Html {
  return html`<div class="line"><a href="${url}">${url}</a>${copyButton(label)}</div>`;
}
