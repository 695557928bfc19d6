import type { Endpoint } from '../../routes/model/endpoint.ts';
import type { Identity } from '../identity/identity.ts';

/** What owners have given to others beyond the level of an endpoint. */
export interface Shares {
  /**
   * What the owner of an endpoint gave this user: `people` where they are named, alone or by a link; `visible` where everybody is let in
   * who may see the task; undefined where nothing was given. Called for each request: it costs no more than a look into a map.
   */
  readonly given: (
    endpoint: Endpoint,
    identity: Pick<Identity, 'userId' | 'companyId'>,
  ) => 'people' | 'visible' | undefined;
}

/** Nobody has shared anything: there is no place where that could be kept. */
export const NOTHING_SHARED: Shares = { given: () => undefined };
