import { timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { parseJson } from '../../grammar/json.ts';
import { seal, sealingKeys, type SealingKey } from './sealing_keys.ts';

/** Writes into a task when it was used last, and tells that from what anybody may write there. */
export interface UseStamper {
  /** @param usedAt milliseconds since the epoch. Undefined without a key. */
  readonly write: (taskId: string, usedAt: number) => string | undefined;
  /** Milliseconds since the epoch; undefined for anything but a valid stamp of this router on this task. */
  readonly read: (taskId: string, text: string) => number | undefined;
}

const VERSION = 'v1';
const STAMP = z.tuple([z.literal(VERSION), z.string(), z.int().positive(), z.string()]);

/** @param secrets the first stamps, all of them verify. */
export function createUseStamper(
  routerName: string,
  secrets: () => readonly Uint8Array[],
): UseStamper {
  const keys = sealingKeys(secrets);
  const sealOf = (key: SealingKey, taskId: string, usedAt: number): Buffer =>
    seal(key, [routerName, taskId, 'last use', VERSION, key.id, usedAt]);
  return {
    write: (taskId, usedAt) => {
      const [key] = keys();
      if (key === undefined) return undefined;
      const mac = sealOf(key, taskId, usedAt).toString('base64url');
      return JSON.stringify([VERSION, key.id, usedAt, mac]);
    },
    read: (taskId, text) => {
      const stamp = STAMP.safeParse(parseJson(text)).data;
      if (stamp === undefined) return undefined;
      const [, keyId, usedAt, mac] = stamp;
      const key = keys().find(({ id }) => id === keyId);
      if (key === undefined) return undefined;
      const given = Buffer.from(mac, 'base64url');
      const right = sealOf(key, taskId, usedAt);
      return given.length === right.length && timingSafeEqual(given, right) ? usedAt : undefined;
    },
  };
}
