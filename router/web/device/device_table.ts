import type { EndpointTokenRecord } from '../../auth/endpoint_tokens/store.ts';
import { hiddenField } from '../parts/fields.ts';
import { html, type Html } from '../parts/html.ts';
import { when } from '../parts/times.ts';

export interface DeviceTable {
  /** Of device tokens. */
  readonly records: readonly EndpointTokenRecord[];
  readonly everybody: boolean;
  /** Where the buttons send to. */
  readonly revokePath: string;
  readonly now: number;
}

/** The computers that act in the user's name, each with a button that ends it. */
export function deviceTable(table: DeviceTable): Html {
  const { records, everybody } = table;
  return html`<section aria-labelledby="computers">
    <div class="bar"><h2 id="computers">Computers</h2></div>
    ${
      records.length === 0
        ? html`<p class="panel">
            None signed in. <code>task-router login</code> signs in the computer that it runs on.
          </p>`
        : html`<div class="rows">
            <table>
              <thead>
                <tr>
                  <th scope="col">Computer</th>
                  ${everybody ? html`<th scope="col">User</th>` : undefined}
                  <th scope="col">Last used</th>
                  <th scope="col">Ends</th>
                  <th scope="col"><span class="sr">Revoke</span></th>
                </tr>
              </thead>
              <tbody>
                ${records.map((record) => deviceRow(record, table))}
              </tbody>
            </table>
          </div>`
    }
    <p class="meta">
      A computer reaches all that you may, by its <code>task-router</code>. It ends with the session
      in which you allowed it, here or there.
    </p>
  </section>`;
}

function deviceRow(
  { id, label, userId, userName, lastUsedAt, expiresAt }: EndpointTokenRecord,
  { everybody, revokePath, now }: DeviceTable,
): Html {
  const used =
    lastUsedAt === undefined
      ? html`not used yet`
      : html`<span class="narrow">used </span>${when(new Date(lastUsedAt).toISOString(), now)}`;
  return html`<tr>
    <td><bdi>${label}</bdi></td>
    ${everybody ? html`<td><bdi>${userName ?? userId}</bdi></td>` : undefined}
    <td>${used}</td>
    <td><span class="narrow">ends </span>${when(new Date(expiresAt).toISOString(), now)}</td>
    <td>
      <form method="post" action="${revokePath}">
        ${hiddenField('everybody', everybody ? '1' : undefined)} ${hiddenField('id', id)}
        <button aria-label="Revoke ${label}, token ${id.slice(0, 8)}">Revoke</button>
      </form>
    </td>
  </tr>`;
}
