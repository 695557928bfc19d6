import type { ServerResponse } from 'node:http';
import type { AnswerForm } from '../grammar/accept.ts';
import { cardStyle, type PageStyle } from './style.ts';

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
  /** What its page does by itself; programs are told the words alone. */
  readonly live?: LivePart;
}

/** The part of a page that is not the same for all answers. Its maker has escaped what others said. */
export interface LivePart {
  readonly style: PageStyle;
  /** HTML for the end of the head. */
  readonly head: string;
  /** HTML below the words, in place of the advice. */
  readonly content: string;
  /** Directives of the Content-Security-Policy beside those of every answer. */
  readonly policy: string | undefined;
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

const STYLE = cardStyle('small{display:block;margin-top:1.2rem}');

/** Nothing runs on the page, and nothing of a task's is on it. */
const POLICY = policyOf(STYLE);

function policyOf(style: PageStyle, more?: string): string {
  const own = `default-src 'none'; style-src ${style.source}; base-uri 'none'; form-action 'none'`;
  return more === undefined ? own : `${own}; ${more}`;
}

function htmlOf(answer: Answer, home?: string): string {
  const list = home === undefined ? '' : `<p><a href="${escapeHtml(home)}/">Your endpoints</a></p>`;
  const advice =
    answer.advice === undefined || answer.live !== undefined
      ? ''
      : `<p class="soft">${escapeHtml(answer.advice)}</p>`;
  const { style = STYLE, head = '', content = '' } = answer.live ?? {};
  return (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">' +
    '<meta name="viewport" content="width=device-width,initial-scale=1">' +
    `<title>${escapeHtml(answer.title)}</title>${style.element}${head}</head><body><main>` +
    `<h1>${escapeHtml(answer.title)}</h1><p>${escapeHtml(answer.detail)}</p>${content}${advice}${list}` +
    `<small class="soft">task-traffic-router · ${answer.status} ${escapeHtml(answer.code)}</small>` +
    '</main></body></html>\n'
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

const RENDER: Readonly<
  Record<AnswerForm, { readonly type: string; of: (a: Answer, home?: string) => string }>
> = {
  html: { type: 'text/html; charset=utf-8', of: htmlOf },
  json: { type: 'application/json', of: jsonOf },
  plain: { type: 'text/plain; charset=utf-8', of: plainOf },
};

/**
 * Sends an answer of the router's own. It carries no header that a task sent: whatever was set on the response before is taken
 * back first, or a Content-Length of the task's would end this body early and leave the rest to be read as the next answer.
 */
export function sendAnswer(
  response: ServerResponse,
  form: AnswerForm,
  answer: Answer,
  home?: string,
): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  // Who meets a 401 is a program: people are sent to sign-in instead.
  const { type, of } = RENDER[answer.status === 401 ? 'json' : form];
  response.statusMessage = '';
  if (answer.status === 204) {
    response.writeHead(204, ['Cache-Control', 'no-store']).end();
    return;
  }
  const body = Buffer.from(of(answer, home));
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
    answer.live === undefined ? POLICY : policyOf(answer.live.style, answer.live.policy),
    ...(answer.headers ?? []),
  ]);
  response.end(response.req.method === 'HEAD' ? undefined : body);
}
