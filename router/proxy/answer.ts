import type { ServerResponse } from 'node:http';
import type { AnswerForm } from './accept.ts';

/** One answer of the router's own: what happened, whose fault it is, what to do. All of it plain text; escaping is done here. */
export interface Answer {
  readonly status: number;
  /** A word for programs and metrics: `task-unreachable`. */
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  /** What the reader can do about it. */
  readonly advice?: string;
  /** Name, value, name, value …: Location, Retry-After, WWW-Authenticate, Set-Cookie, Allow. */
  readonly headers?: readonly string[];
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text made fit for HTML, in element content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? '');
}

const STYLE =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:15vh auto 0;padding:0 1.5rem;color:#1f2937;background:#fff}' +
  'h1{font-size:1.4rem;margin:0 0 .5rem}p{margin:.5rem 0}small{color:#6b7280}' +
  '@media(prefers-color-scheme:dark){body{color:#e5e7eb;background:#111827}}';

function htmlOf(answer: Answer): string {
  const advice = answer.advice === undefined ? '' : `<p>${escapeHtml(answer.advice)}</p>`;
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width,initial-scale=1">' +
    `<title>${escapeHtml(answer.title)}</title><style>${STYLE}</style></head><body>` +
    `<h1>${escapeHtml(answer.title)}</h1><p>${escapeHtml(answer.detail)}</p>${advice}` +
    `<p><small>task-traffic-router, ${answer.status} ${answer.code}</small></p></body></html>\n`
  );
}

function jsonOf(answer: Answer): string {
  return `${JSON.stringify({
    error: answer.code,
    title: answer.title,
    detail: answer.detail,
    advice: answer.advice,
  })}\n`;
}

function plainOf(answer: Answer): string {
  const advice = answer.advice === undefined ? '' : `${answer.advice}\n`;
  return `${answer.title}\n\n${answer.detail}\n${advice}`;
}

const RENDER: Readonly<Record<AnswerForm, { readonly type: string; of: (a: Answer) => string }>> = {
  html: { type: 'text/html; charset=utf-8', of: htmlOf },
  json: { type: 'application/json', of: jsonOf },
  plain: { type: 'text/plain; charset=utf-8', of: plainOf },
};

/**
 * Sends an answer of the router's own. It carries no header that a task sent: whatever was set on the response before is taken
 * back first, or a Content-Length of the task's would end this body early and leave the rest to be read as the next answer.
 */
export function sendAnswer(response: ServerResponse, form: AnswerForm, answer: Answer): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  // Who meets a 401 is a program: people are sent to sign-in instead.
  const { type, of } = RENDER[answer.status === 401 ? 'json' : form];
  const body = Buffer.from(of(answer));
  response.statusMessage = '';
  response.writeHead(answer.status, [
    'Content-Type',
    type,
    'Content-Length',
    String(body.length),
    'Cache-Control',
    'no-store',
    'X-Content-Type-Options',
    'nosniff',
    'Referrer-Policy',
    'no-referrer',
    'Content-Security-Policy',
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
    ...(answer.headers ?? []),
  ]);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
