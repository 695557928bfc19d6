import * as z from 'zod';
import { owns } from '../../auth/identity/owner.ts';
import { administers } from '../../auth/access/roles.ts';
import type { Denied } from '../../auth/gate/decision.ts';
import type { Viewer } from '../../auth/gate/viewer.ts';
import { SHARING_PATH } from '../../auth/sessions/return_path.ts';
import type { Grant } from '../../auth/sharing/store.ts';
import { ENDPOINT_ID } from '../../grammar/endpoint_id.ts';
import type { Answer } from '../../pages/answer.ts';
import type { OwnPages } from '../../pages/own_pages.ts';
import type { RouteSource } from '../../routes/model/table.ts';
import type { Settings } from '../../settings/settings.ts';
import type { RouterUrl } from '../../settings/values.ts';
import type { ActGuard } from '../acts/act_guard.ts';
import { createFormPages, type FormPaths } from '../acts/form_pages.ts';
import type { User } from '../acts/user.ts';
import { namesOfVisible } from '../overview/endpoint_names.ts';
import { endpointLabel } from '../overview/endpoint_row.ts';
import { named } from '../parts/named.ts';
import { formAnswer, pageAnswer, type Problem } from '../parts/page_assets.ts';
import type { PageDenials } from '../parts/page_denials.ts';
import type { PageAnswer } from '../parts/reply.ts';
import type { EndpointAccess, GrantActs } from './acts.ts';
import { linkMadePage, sharingPage, type SharedEndpoint, type SharingView } from './page.ts';
import { readShareForm } from './share_form.ts';
import { NO_SUCH_ENDPOINT, SHARING_OFF, tooWide } from './words.ts';

/** What the buttons that take back send to. */
const REVOKE_PATH = `${SHARING_PATH}/revoke`;

export interface SharingPagesParts {
  /** Undefined where sharing is off. */
  readonly acts: GrantActs | undefined;
  readonly guard: ActGuard;
  readonly viewer: Viewer;
  readonly refuse: PageDenials;
  readonly routes: RouteSource;
  readonly pagesUrl: RouterUrl;
  readonly settings: Pick<Settings, 'ACCESS_WIDEST' | 'ACCESS_GUESTS'>;
}

const REVOCATION = z.object({ id: z.string().max(64) });

/** The page on which an owner shares, sees and takes back. Plain forms, bound to the router's own origin as those of tokens are. */
export function createSharingPages(parts: SharingPagesParts): OwnPages {
  const pages = new SharingPages(parts);
  const home = SHARING_PATH;
  const paths: FormPaths<GrantActs> = new Map([
    [
      home,
      {
        show: (acts, user, fields) => pages.show(acts, user, fields),
        act: (acts, user, fields, client) => pages.give(acts, user, fields, client),
      },
    ],
    [REVOKE_PATH, { act: (acts, user, fields) => pages.revoke(acts, user, fields) }],
  ]);
  return createFormPages({ through: parts.acts, home, paths, off: SHARING_OFF }, parts);
}

class SharingPages {
  readonly #parts: SharingPagesParts;

  constructor(parts: SharingPagesParts) {
    this.#parts = parts;
  }

  /** What is shared of one endpoint, or, where none is named, all that the user shares; for administrators what everybody does. */
  async show(
    acts: GrantActs,
    user: User,
    fields: URLSearchParams,
    problem?: Problem,
  ): Promise<PageAnswer | Answer | Denied> {
    const id = fields.get('endpoint');
    const everybody = fields.has('everybody') && administers(user.identity);
    if (id === null) {
      const grants = await acts.list(user, everybody);
      if ('status' in grants) return grants;
      return this.#page(user, { grants, endpoint: undefined, everybody, fields, problem });
    }
    const access = await this.#access(acts, user, id);
    if ('status' in access) return access;
    const endpoint = this.#endpoint(user, access, fields);
    return this.#page(user, { grants: access.grants, endpoint, everybody: false, fields, problem });
  }

  async #page(
    user: User,
    view: Pick<SharingView, 'grants' | 'endpoint' | 'everybody'> & {
      readonly fields: URLSearchParams;
      readonly problem: Problem | undefined;
    },
  ): Promise<PageAnswer> {
    const { fields, problem, grants } = view;
    const page = sharingPage({
      ...view,
      user: named(user.identity),
      names: await this.#names(user, grants),
      problem: problem?.detail,
      done: fields.has('shared') ? 'shared' : fields.has('revoked') ? 'revoked' : undefined,
      now: Date.now(),
    });
    return formAnswer(page, problem);
  }

  async give(
    acts: GrantActs,
    user: User,
    fields: URLSearchParams,
    client: string,
  ): Promise<PageAnswer | Answer | Denied> {
    const access = await this.#access(acts, user, fields.get('endpoint') ?? '');
    if ('status' in access) return access;
    const { id, task, name } = access.endpoint;
    const wish = readShareForm(fields, task.projectName);
    if ('problem' in wish) {
      return this.show(acts, user, fields, { status: 400, detail: wish.problem });
    }
    const refusal = await this.#parts.guard.refusal(user, wish, client);
    if (refusal !== undefined) return this.show(acts, user, fields, refusal);
    const given = await acts.give(user, wish);
    if ('outcome' in given) return given;
    if ('status' in given) return this.show(acts, user, fields, given);
    const { grant, url } = given;
    if (url === undefined) return back({ endpoint: id, shared: '1' });
    const endpoint = { id, label: endpointLabel(task, name) };
    const page = linkMadePage({
      url,
      grant,
      endpoint,
      user: named(user.identity),
      now: Date.now(),
    });
    return pageAnswer(200, page);
  }

  async revoke(acts: GrantActs, user: User, fields: URLSearchParams): Promise<PageAnswer | Answer> {
    const { data } = REVOCATION.safeParse(Object.fromEntries(fields));
    const failed = await acts.revoke(user, data?.id ?? '');
    if (failed !== undefined) return failed;
    const endpoint = fields.get('endpoint');
    return back({
      ...(endpoint !== null && ENDPOINT_ID.test(endpoint) ? { endpoint } : {}),
      ...(fields.has('everybody') ? { everybody: '1' } : {}),
      revoked: '1',
    });
  }

  async #access(
    acts: GrantActs,
    user: User,
    id: string,
  ): Promise<EndpointAccess | Answer | Denied> {
    return ENDPOINT_ID.test(id) ? acts.access(user, id) : NO_SUCH_ENDPOINT;
  }

  #endpoint(
    user: User,
    { endpoint, level, ceiling }: EndpointAccess,
    typed: URLSearchParams,
  ): SharedEndpoint {
    const { id, task, name, access } = endpoint;
    const { settings, guard } = this.#parts;
    const { ACCESS_WIDEST: widest, ACCESS_GUESTS: guests } = settings;
    const own = owns(user.identity, endpoint.task);
    const refusal = tooWide('people', access, widest)?.detail;
    const project = task.projectName;
    const form = {
      endpoint: id,
      project,
      ceiling,
      widest,
      guests,
      asksKeys: guard.asksKeys(user),
      typed,
    };
    return {
      id,
      label: endpointLabel(task, name),
      level,
      form: own && refusal === undefined ? form : undefined,
      refusal,
    };
  }

  /** What the endpoints of these grants are called. */
  #names(user: User, grants: readonly Grant[]): Promise<ReadonlyMap<string, string>> {
    const ids = grants.flatMap(({ subject }) => ('endpoint' in subject ? [subject.endpoint] : []));
    return namesOfVisible(this.#parts, user, ids);
  }
}

/** So that a reload does nothing once more. */
function back(query: Readonly<Record<string, string>>): PageAnswer {
  const headers = { Location: `${SHARING_PATH}?${new URLSearchParams(query).toString()}` };
  return { status: 303, headers, body: undefined };
}
