import { callApi, userToken, type Answer } from './client.ts';
import type { Document } from './document.ts';
import type { SeedUserName } from './seed.ts';
import type { ClearMl } from './server.ts';

/** Calls in a user's name, with a token of that user. */
export function callAs(clearml: ClearMl, user: SeedUserName) {
  return async (name: string, data: Document = {}): Promise<Answer> =>
    callApi(clearml.url, name, data, `Bearer ${await userToken(clearml, user)}`);
}
