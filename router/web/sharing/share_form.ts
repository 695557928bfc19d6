import * as z from 'zod';
import type { EndpointLevel } from '../../grammar/access_level.ts';
import { expiryField, hiddenField, keyFields } from '../parts/fields.ts';
import { html, type Html } from '../parts/html.ts';
import { TYPED_KEYS } from '../acts/user.ts';
import {
  LONGEST_SECONDS,
  MOST_USES,
  readGrantWish,
  USUAL_SECONDS,
  type GrantWish,
} from './wish.ts';

/** What the form of one endpoint offers. */
export interface ShareFormView {
  readonly endpoint: string;
  /** Of its task; undefined where it has none. */
  readonly project: string | undefined;
  /** The most that may be given of the endpoint, and of anything. */
  readonly ceiling: EndpointLevel;
  readonly widest: EndpointLevel;
  readonly guests: boolean;
  readonly asksKeys: boolean;
  /** What was typed before a problem. */
  readonly typed: URLSearchParams;
}

/** All fields are there without scripts; what was not chosen is not read. */
const FORM = z.object({
  endpoint: z.string(),
  of: z.enum(['endpoint', 'project']).default('endpoint'),
  to: z.enum(['people', 'everybody', 'link']),
  people: z.string().max(4_096).default(''),
  // What is no number is no number of uses either.
  uses: z.coerce.number().catch(0).optional(),
  expires_in: z.coerce.number().catch(0).optional(),
  guests: z.string().optional(),
  ...TYPED_KEYS,
});

const NOT_CHOSEN = 'Choose whom you share it with.';
const NOBODY = 'Name somebody: users by their name or id, several with a semicolon between them.';
const BAD_LINK = `A link lets in 1 to ${MOST_USES} users, and ends after 30 days at the latest.`;

/** What a form asks for, or what is wrong with it. `project` is that of the endpoint's task. */
export function readShareForm(
  fields: URLSearchParams,
  project: string | undefined,
): GrantWish | { readonly problem: string } {
  const { data } = FORM.safeParse(Object.fromEntries(fields));
  if (data === undefined) return { problem: NOT_CHOSEN };
  const { endpoint, of, to, uses, expires_in, guests, access_key, secret_key } = data;
  const people = data.people
    .split(/[;\n]/)
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (to === 'people' && people.length === 0) return { problem: NOBODY };
  const wish = readGrantWish({
    ...(of === 'project' ? { project } : { endpoint }),
    ...(to === 'people'
      ? { people }
      : to === 'everybody'
        ? { everybody: true }
        : { link: { uses, expires_in, guests: guests !== undefined } }),
    access_key,
    secret_key,
  });
  return wish ?? { problem: to === 'link' ? BAD_LINK : NOT_CHOSEN };
}

export function shareForm(view: ShareFormView): Html {
  const { endpoint, project, ceiling, widest, guests, asksKeys, typed } = view;
  const to = typed.get('to') ?? 'people';
  const chosen = (value: string): Html | undefined => (to === value ? html`checked` : undefined);
  const ofProject = project !== undefined && widest !== 'owner';
  const mayAll = ceiling === 'visible' || (ofProject && widest === 'visible');
  return html`<section class="panel" aria-labelledby="share">
    <div class="bar"><h2 id="share">Share</h2></div>
    <form class="form" method="post" action="/auth/sharing">
      ${hiddenField('endpoint', endpoint)}
      ${
        ofProject
          ? html`<div>
              <label for="of">What</label>
              <select id="of" name="of">
                <option value="endpoint">This endpoint</option>
                <option
                  value="project"
                  ${typed.get('of') === 'project' ? html`selected` : undefined}
                >
                  All your tasks in ${project}, also those to come
                </option>
              </select>
            </div>`
          : undefined
      }
      <fieldset>
        <legend>With whom</legend>
        <div class="choice">
          <input type="radio" id="to-people" name="to" value="people" ${chosen('people')} />
          <label for="to-people">Colleagues by name</label>
          <div>
            <label class="sr" for="people">Names or ids of users</label>
            <input
              id="people"
              name="people"
              list="known-people"
              maxlength="4096"
              autocomplete="off"
              autocapitalize="none"
              spellcheck="false"
              value="${typed.get('people') ?? ''}"
              placeholder="Name or id; name or id"
              data-people
            />
            <datalist id="known-people"></datalist>
          </div>
        </div>
        ${
          mayAll
            ? html`<div class="choice">
                <input
                  type="radio"
                  id="to-everybody"
                  name="to"
                  value="everybody"
                  ${chosen('everybody')}
                />
                <label for="to-everybody">Everybody who may see the task in ClearML</label>
              </div>`
            : undefined
        }
        <div class="choice">
          <input type="radio" id="to-link" name="to" value="link" ${chosen('link')} />
          <label for="to-link">Whoever has a link and may see the task in ClearML</label>
          <div>
            <label for="uses">For so many users</label>
            <input
              id="uses"
              name="uses"
              type="number"
              min="1"
              max="${MOST_USES}"
              value="${typed.get('uses') ?? '1'}"
            />
            ${expiryField(Number(typed.get('expires_in') ?? USUAL_SECONDS), LONGEST_SECONDS)}
          </div>
          ${guests ? guestChoice(typed) : undefined}
        </div>
      </fieldset>
      ${asksKeys ? keyFields('share this') : undefined}
      <button class="main">Share</button>
      <p class="meta">
        Whomever you let in, ClearML is asked whether it shows them the
        task${guests ? ', except for guests' : undefined}. What they open runs in your name.
      </p>
    </form>
  </section>`;
}

function guestChoice(typed: URLSearchParams): Html {
  return html`<div class="choice">
    <input
      type="checkbox"
      id="guests"
      name="guests"
      ${typed.has('guests') ? html`checked` : undefined}
    />
    <label for="guests"
      >Also guests without an account, to this one endpoint, for a week at the most</label
    >
  </div>`;
}
