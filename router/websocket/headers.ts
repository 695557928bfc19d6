import type { IncomingHttpHeaders } from 'node:http';

/**
 * Raw header lines as the object that http-proxy works with: first spelling of each name kept, repeated ones as a list. Without a
 * prototype, so that a header called `__proto__` is a header (CVE-2026-21710).
 */
export function headersByName(raw: readonly string[]): IncomingHttpHeaders {
  const headers = Object.create(null) as Record<string, string | string[]>;
  const spellings = new Map<string, string>();
  for (let index = 0; index < raw.length; index += 2) {
    const name = raw[index] ?? '';
    const value = raw[index + 1] ?? '';
    const lower = name.toLowerCase();
    const spelling = spellings.get(lower);
    if (spelling === undefined) {
      spellings.set(lower, name);
      headers[name] = value;
      continue;
    }
    const before = headers[spelling] ?? [];
    if (Array.isArray(before)) before.push(value);
    else headers[spelling] = [before, value];
  }
  return headers;
}

/** The head of the answer that turns a connection into a WebSocket, with these headers (name, value, name, value …) besides. */
export function switchingHead(headers: readonly string[]): string {
  let head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n';
  for (let index = 0; index < headers.length; index += 2) {
    head += `${headers[index]}: ${headers[index + 1]}\r\n`;
  }
  return `${head}\r\n`;
}
