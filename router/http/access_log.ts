import { actorOf } from '../auth/gate/decision.ts';
import type { CredentialKind } from '../auth/identity/identity.ts';
import { withoutSecret } from '../auth/sharing/links.ts';
import type { Answered, Arrival, Proxied, Tunnelled } from './admission.ts';
import { ownCopy } from '../own_copy.ts';
import { escapeActive, excerpt } from '../telemetry/hostile_text.ts';

/** What an access line tells; filled in while the request runs. */
export interface AccessRecord {
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly kind: 'request' | 'upgrade';
  readonly method: string;
  readonly host: string;
  /** Raw request-target. */
  readonly url: string;
  readonly client: string;
  readonly userAgent: string | undefined;
  readonly status: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly endpoint: string | undefined;
  readonly user: string | undefined;
  readonly credential: CredentialKind | undefined;
  /** Why it was not served, or how it ended; undefined when all went well. */
  readonly reason: string | undefined;
}

/** What becomes of it, as far as its end tells. */
type Ended = Pick<
  AccessRecord,
  'status' | 'duration' | 'bytesIn' | 'bytesOut' | 'endpoint' | 'reason'
>;

/** Who came for what, and what the gate said of it. `ended.endpoint` stands where the gate names none. */
export function recordOf(
  { kind, head, client }: Pick<Arrival, 'kind' | 'head' | 'client'>,
  outcome: Proxied | Tunnelled | Answered | undefined,
  ended: Ended,
): AccessRecord {
  const admitted = outcome?.admitted;
  const who = admitted ?? (outcome?.outcome === 'answered' ? outcome : undefined);
  return {
    time: Date.now(),
    kind,
    method: head.method,
    host: head.host,
    url: head.url,
    client: client.address,
    userAgent: head.userAgent,
    status: ended.status,
    duration: ended.duration,
    bytesIn: ended.bytesIn,
    bytesOut: ended.bytesOut,
    endpoint: admitted?.endpoint.id ?? ended.endpoint,
    user: who === undefined ? undefined : actorOf(who),
    credential: admitted?.credential,
    reason: ended.reason,
  };
}

/** A JSON string of hostile text. Plain text, which is nearly all of it, is only looked at. */
function quote(text: string): string {
  if (text.length > 256) return escapeActive(JSON.stringify(excerpt(text)));
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) {
      return escapeActive(JSON.stringify(text));
    }
  }
  return `"${text}"`;
}

let formattedSecond = -1;
let secondText = '';

/** ISO 8601 in UTC, as the rest of the log; formatted once a second, since that costs more than all else here. */
function isoTime(time: number): string {
  const second = Math.floor(time / 1000);
  if (second !== formattedSecond) {
    formattedSecond = second;
    secondText = new Date(second * 1000).toISOString().slice(0, 20);
  }
  return `${secondText}${String(time % 1000).padStart(3, '0')}Z`;
}

/** The path without its query, for queries hold what users type, and sometimes keys; and without what opens a link. */
function pathOf(url: string): string {
  const query = url.indexOf('?');
  return withoutSecret(query === -1 ? url : url.slice(0, query));
}

/** As much of a record as its line will tell, for one that is kept until a session ends: a head may be of 32 KiB. */
export function inBrief(record: AccessRecord): AccessRecord {
  const { host, url, userAgent } = record;
  return {
    ...record,
    host: ownCopy(excerpt(host)),
    url: ownCopy(excerpt(pathOf(url))),
    userAgent: userAgent === undefined ? undefined : ownCopy(excerpt(userAgent)),
  };
}

/**
 * One line of the access log, in the form of the router's log (JSON, ISO time, level, message). Built by hand: it is on the path
 * of every request. Never holds a query, a header other than User-Agent, or any part of a token.
 */
export function accessLine(record: AccessRecord): string {
  let line =
    `{"level":"info","time":"${isoTime(record.time)}","event":"${record.kind}"` +
    `,"client":${quote(record.client)},"method":${quote(record.method)}` +
    `,"host":${quote(record.host)},"path":${quote(pathOf(record.url))}` +
    `,"status":${record.status},"durationMs":${Math.round(record.duration * 10) / 10}` +
    `,"bytesIn":${record.bytesIn},"bytesOut":${record.bytesOut}`;
  if (record.endpoint !== undefined) line += `,"endpoint":${quote(record.endpoint)}`;
  if (record.user !== undefined) line += `,"user":${quote(record.user)}`;
  if (record.credential !== undefined) line += `,"credential":"${record.credential}"`;
  if (record.reason !== undefined) line += `,"reason":${quote(record.reason)}`;
  if (record.userAgent !== undefined) line += `,"userAgent":${quote(record.userAgent)}`;
  return `${line},"message":"${record.kind}"}\n`;
}
