import type { ServerResponse } from 'node:http';
import type { Html } from './html.ts';

/** An answer of one of the router's own pages. */
export interface OwnAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body: { readonly page: Html } | { readonly json: unknown } | undefined;
}

/** Sends it, never cached, never framed, never sniffed. */
export function sendOwn(response: ServerResponse, { status, headers = {}, body }: OwnAnswer): void {
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

function render(body: OwnAnswer['body']): readonly [string | undefined, string] {
  if (body === undefined) return [undefined, ''];
  if ('page' in body) return ['text/html; charset=utf-8', body.page.markup];
  return ['application/json', `${JSON.stringify(body.json)}\n`];
}
