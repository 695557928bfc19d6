import { DENIALS } from '../../auth/gate/denials.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import type { Known } from '../../auth/gate/viewer.ts';
import { owns } from '../../auth/identity/owner.ts';
import type { ClearmlTasks } from '../../clearml/clearml.ts';
import { RouterError } from '../../errors.ts';
import { ENDPOINT_ID, taskIdOf, type EndpointId } from '../../grammar/endpoint_id.ts';
import type { SshKeys } from '../../clearml/ssh_keys.ts';
import { RateLimit } from '../../load/rate_limit.ts';
import type { Answer } from '../../pages/answer.ts';
import { nothingHere } from '../../pages/own_answers.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import { rateLimited } from '../parts/refusals.ts';

export interface SshLoginParts {
  readonly tasks: Pick<ClearmlTasks, 'sshKeys'>;
  readonly routes: RouteSource;
  /** Monotonic milliseconds; tests replace it. */
  readonly now?: (() => number) | undefined;
}

/** Each is a question to ClearML; programs that begin an ssh for each file of a folder are let. */
const PER_USER = { atOnce: 60, perSecond: 1 };

/** The same for an endpoint that is not there, is another's, has no ssh keys, or is asked about by anything but a device token. */
const NOTHING = nothingHere(
  'There is no such endpoint of yours, or its task says nothing of ssh, or this was not asked with a device token.',
);

/**
 * User name and password that clearml-session has put into a task's runtime, for its owner's own computer alone: a cookie could be
 * used by a page of a task, and an endpoint token was given to a program for less. ClearML is asked with the user's own token.
 */
export class SshLogin {
  readonly #parts: SshLoginParts;
  readonly #rate: RateLimit;

  constructor(parts: SshLoginParts) {
    this.#parts = parts;
    this.#rate = new RateLimit(PER_USER, parts.now);
  }

  async of(
    { credential, identity }: Known,
    id: EndpointId,
  ): Promise<{ readonly keys: SshKeys } | Answer | Denied> {
    if (credential !== 'device-token' || identity === undefined) return NOTHING;
    if (!ENDPOINT_ID.test(id)) return NOTHING;
    const endpoint = this.#parts.routes.current().endpoints.get(id);
    if (endpoint === undefined || !owns(identity, endpoint.task)) return NOTHING;
    const { userId } = identity;
    if (!this.#rate.take(userId)) {
      return rateLimited(this.#rate.wait(userId), 'You asked too often how to sign in by ssh.');
    }
    try {
      const keys = await this.#parts.tasks.sshKeys(identity.token, taskIdOf(id));
      return keys === undefined ? NOTHING : { keys };
    } catch (error) {
      if (!(error instanceof RouterError)) throw error;
      const revoked = error.code === 'CLEARML_UNAUTHORIZED';
      return { outcome: 'denied', ...(revoked ? DENIALS.revoked : DENIALS.unavailable), identity };
    }
  }
}
