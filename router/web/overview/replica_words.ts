import { html, type Html } from '../parts/html.ts';
import { when } from '../parts/times.ts';
import type { ListedAdministration, Listing } from './listing.ts';

/** Which replicas do not tell what they saw, as the beginning of a sentence; undefined where all do, or none is looked for. */
export function silenceOf(replicas: Listing['replicas']): string | undefined {
  if (replicas === null) return undefined;
  const { found, silent, all } = replicas;
  const verb = silent === 1 ? 'does' : 'do';
  if (silent > 0) return `${silent} of ${found} replicas ${verb} not answer`;
  return all ? undefined : 'It is not known which other replicas there are';
}

/** What “used” and “answers” mean on this page. */
export function seenNote(replicas: Listing['replicas']): string {
  const silence = silenceOf(replicas);
  if (silence !== undefined) {
    return `${silence}: an endpoint may have been used later than its row says, through one that tells nothing. Whether a task answers is what the others saw.`;
  }
  return replicas === null || replicas.found === 1
    ? '“Used”, and whether a task answers, is what this replica saw since it started.'
    : `“Used”, and whether a task answers, is what ${replicas.found} replicas saw since they started.`;
}

/** The other replicas, for administrators. */
export function othersFact(
  { listed, problem }: NonNullable<ListedAdministration['others']>,
  now: number,
): Html | string {
  if (listed.length === 0 && problem === null) return 'none';
  return html`<ul class="list">
    ${listed.map((one) => html`<li>${otherItem(one, now)}</li>`)}
    ${problem === null ? undefined : html`<li>There may be others: ${problem}.</li>`}
  </ul>`;
}

function otherItem(
  { address, name, version, startedAt, silentSince, reason }: Other,
  now: number,
): Html {
  const who = name === null ? address : `${name} (${address}), version ${version}`;
  const started = startedAt === null ? undefined : html`, started ${when(startedAt, now)}`;
  if (silentSince === null) return html`${who}${started}`;
  return html`${who}${started}: <span class="refused">does not answer,</span> first
    ${when(silentSince, now)}: ${reason ?? ''}.`;
}

type Other = NonNullable<ListedAdministration['others']>['listed'][number];

/** Connections that are open at all replicas together. */
export function connectionsFact({
  websocket,
  tcp,
  tunnel,
  atLeast,
}: NonNullable<ListedAdministration['connections']>): string {
  const counts = `${websocket} WebSocket, ${tcp} TCP, ${tunnel} tunnel`;
  return atLeast ? `at least ${counts}` : counts;
}
