import type { IncomingMessage, ServerResponse } from 'node:http';
import { preferredForm } from '../../grammar/accept.ts';
import { sendAnswer, type Answer } from '../../pages/answer.ts';
import type { Html } from './html.ts';

/** An answer of one of the router's own pages. */
export interface PageAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body: { readonly page: Html } | { readonly json: unknown } | undefined;
}

/** Sends it, never cached, never framed, never sniffed. */
function sendOwn(response: ServerResponse, { status, headers = {}, body }: PageAnswer): void {
  const [type, text] = render(body);
  response.writeHead(status, {
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    // Not `no-referrer`: with it, browsers send `Origin: null` along with forms.
    'Referrer-Policy': 'same-origin',
    ...(type === undefined ? {} : { 'Content-Type': type }),
    'Content-Length': Buffer.byteLength(text),
    ...(headers as Record<string, string | string[]>),
  });
  response.end(text);
}

/** Sends what a page or an operation came to: an answer of its own, or the router's words for why there is none. */
export function sendReply(
  message: IncomingMessage,
  response: ServerResponse,
  reply: PageAnswer | Answer,
): void {
  if ('body' in reply) {
    sendOwn(response, reply);
    return;
  }
  const { accept, 'sec-fetch-mode': mode } = message.headers;
  sendAnswer(response, preferredForm(accept, mode), reply, '');
}

/** For a method that a page or an operation does not know. */
export function methodNotAllowed(allow: string): Answer {
  return {
    status: 405,
    code: 'method-not-allowed',
    title: 'Method not allowed',
    detail: `Allowed here: ${allow}.`,
    headers: ['Allow', allow],
  };
}

function render(body: PageAnswer['body']): readonly [string | undefined, string] {
  if (body === undefined) return [undefined, ''];
  if ('page' in body) return ['text/html; charset=utf-8', body.page.markup];
  return ['application/json', `${JSON.stringify(body.json)}\n`];
}
