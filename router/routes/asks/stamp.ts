import { timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { seal, sealingKeys, type SealingKey } from './sealing_keys.ts';

/** Which of an endpoint's two routes it is. */
export type Protocol = 'http' | 'tcp';

/** Which answer a stamp belongs to. It says nothing about any other: neither task nor endpoint can use another's. */
export interface StampSubject {
  readonly taskId: string;
  /** Name of the endpoint; undefined for the task's unnamed one. */
  readonly name: string | undefined;
  readonly protocol: Protocol;
}

/** What a stamp proves: that this router led this way of its own to this place of the task's, and since when. */
export interface StampContent {
  /** Milliseconds since the epoch, by the clock of `issue`. Stays as it is as long as nothing else of the content changes. */
  readonly issued: number;
  readonly taskAddress: string;
  readonly taskPort: number;
  /** TCP_ROUTER_ADDRESS for TCP, the origin of ROUTER_URL for HTTP. */
  readonly routerAddress: string;
  readonly routerPort: number;
  /** Name of the static route that is served; empty for none. */
  readonly staticRoute: string;
}

/** Stamps the router's answers, and tells its own from what anybody may write into a task. */
export interface Stamper {
  readonly write: (of: StampSubject, content: StampContent) => string | undefined;
  /**
   * The content of a valid stamp; undefined for anything else.
   *
   * @param routerName whose stamp it is to be; this router's own where it is left out.
   */
  readonly read: (of: StampSubject, text: string, routerName?: string) => StampContent | undefined;
  /** A time for new stamps: later than all that were ever read or issued here, even where the clock was set back. */
  readonly issue: () => number;
  /** The keys in force: another list once they have changed. */
  readonly keys: () => readonly Uint8Array[];
}

const STAMP_KEY = /^router_(http|tcp)_stamp(?:__(.+))?$/s;

/** What stands in a runtime where stamps do; nothing of it is verified. */
export function stampsIn(
  taskId: string,
  runtime: ReadonlyMap<string, string>,
): readonly { readonly of: StampSubject; readonly key: string; readonly text: string }[] {
  return [...runtime].flatMap(([key, text]) => {
    const [, protocol, name] = STAMP_KEY.exec(key) ?? [];
    if (protocol === undefined) return [];
    return [{ of: { taskId, name, protocol: protocol as Protocol }, key, text }];
  });
}

const VERSION = 'v1';
const STAMP = z.tuple([
  z.literal(VERSION),
  z.string(),
  z.int().nonnegative(),
  z.string(),
  z.int(),
  z.string(),
  z.int(),
  z.string(),
  z.string(),
]);

function fieldsOf(key: SealingKey, content: StampContent) {
  const { issued, taskAddress, taskPort, routerAddress, routerPort, staticRoute } = content;
  return [VERSION, key.id, issued, taskAddress, taskPort, routerAddress, routerPort, staticRoute];
}

function sealOf(
  key: SealingKey,
  routerName: string,
  of: StampSubject,
  content: StampContent,
): Buffer {
  const { taskId, name = null, protocol } = of;
  return seal(key, [routerName, taskId, name, protocol, ...fieldsOf(key, content)]);
}

function parse(text: string): z.output<typeof STAMP> | undefined {
  if (!text.startsWith(`["${VERSION}"`)) return undefined;
  try {
    return STAMP.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** @param keys the first stamps, all of them verify: two while a secret is rotated. */
export function createStamper(
  ownName: string,
  keys: () => readonly Uint8Array[],
  now: () => number = Date.now,
): Stamper {
  const current = sealingKeys(keys);
  let newest = 0;

  return {
    keys,
    write: (of, content) => {
      const [key] = current();
      if (key === undefined) return undefined;
      const mac = sealOf(key, ownName, of, content).toString('base64url');
      return JSON.stringify([...fieldsOf(key, content), mac]);
    },
    read: (of, text, routerName = ownName) => {
      const parsed = parse(text);
      if (parsed === undefined) return undefined;
      const [, keyId, issued, taskAddress, taskPort, routerAddress, routerPort, staticRoute, mac] =
        parsed;
      const key = current().find(({ id }) => id === keyId);
      if (key === undefined) return undefined;
      const content = { issued, taskAddress, taskPort, routerAddress, routerPort, staticRoute };
      const given = Buffer.from(mac, 'base64url');
      const right = sealOf(key, routerName, of, content);
      if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
      if (routerName === ownName) newest = Math.max(newest, issued);
      return content;
    },
    issue: () => {
      newest = Math.max(newest + 1, now());
      return newest;
    },
  };
}
