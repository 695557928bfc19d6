import assert from 'node:assert/strict';

import { request } from 'undici';

import type { EndpointId } from '../../../router/grammar/endpoint_id.ts';
import { ask } from '../../../router/peers/ask.ts';
import { NOTHING_SEEN, type EndpointSeen } from '../../../router/peers/told.ts';
import { followSecretKeys, SECRET_USES } from '../../../router/secret_keys.ts';
import { readSettings } from '../../../router/settings/settings.ts';
import { LISTING, type Listing } from '../../../router/web/overview/listing.ts';
import type { Session } from '../../lab/run/session.ts';
import { settingsFor } from '../../support/router_process.ts';
import type { Replica } from './replicas.ts';

const HTTP_PORT = 8080;
const ADMIN_PORT = 8082;

/** One replica, asked past the ingress as alice. */
export interface ReplicaView {
  /** Status and body of a page. */
  readonly open: (replica: Replica, path: string) => Promise<{ status: number; text: string }>;
  readonly listing: (replica: Replica) => Promise<Listing>;
  /** The value of a metric, by its name and labels as they stand in /metrics. */
  readonly metric: (replica: Replica, series: string) => Promise<number>;
  /** What it alone saw of an endpoint, asked for as another replica would. */
  readonly ownSight: (replica: Replica, id: EndpointId) => Promise<EndpointSeen>;
}

/** @param headers by which alice gets in. */
export function replicaViewOf({
  session,
  headers,
}: {
  readonly session: Pick<Session, 'clearml' | 'url'>;
  readonly headers: Readonly<Record<string, string>>;
}): ReplicaView {
  const { host } = new URL(session.url);
  const settings = readSettings(settingsFor(session.clearml));
  const keys = followSecretKeys(settings, SECRET_USES.peers).current();
  const open: ReplicaView['open'] = async ({ address }, path) => {
    const answer = await request(`http://${address}:${HTTP_PORT}${path}`, {
      headers: { host, ...headers },
    });
    return { status: answer.statusCode, text: await answer.body.text() };
  };
  return {
    open,
    listing: async (replica) => {
      const { status, text } = await open(replica, '/api/v1/routes');
      assert.equal(status, 200, text);
      return LISTING.parse(JSON.parse(text));
    },
    metric: async ({ address }, series) => {
      const answer = await request(`http://${address}:${ADMIN_PORT}/metrics`);
      const lines = (await answer.body.text()).split('\n');
      const line = lines.find((one) => one.startsWith(`${series} `));
      assert.ok(line !== undefined, `${series} is missing`);
      return Number(line.slice(series.length));
    },
    ownSight: async ({ address }, id) => {
      const asked = await ask({ address, port: ADMIN_PORT, keys, volume: undefined, since: 0 });
      assert.ok('told' in asked, JSON.stringify(asked));
      assert.ok(!asked.told.more, 'it tells of more endpoints than one answer holds');
      return new Map(asked.told.endpoints).get(id) ?? NOTHING_SEEN;
    },
  };
}
