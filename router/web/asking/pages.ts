import * as z from 'zod';
import type { Denied } from '../../auth/gate/decision.ts';
import type { Viewer } from '../../auth/gate/viewer.ts';
import { ASK_PATH } from '../../auth/sessions/return_path.ts';
import { ENDPOINT_ID } from '../../grammar/endpoint_id.ts';
import type { Answer } from '../../pages/answer.ts';
import type { OwnPages } from '../../pages/own_pages.ts';
import type { RouterUrl } from '../../settings/values.ts';
import type { ActGuard } from '../acts/act_guard.ts';
import { createFormPages, type FormPaths } from '../acts/form_pages.ts';
import type { User } from '../acts/user.ts';
import { administers } from '../../auth/access/roles.ts';
import { named } from '../parts/named.ts';
import { formAnswer, pageAnswer } from '../parts/page_assets.ts';
import type { PageDenials } from '../parts/page_denials.ts';
import type { PageAnswer } from '../parts/reply.ts';
import { NO_SIGN_IN, NO_SUCH_ENDPOINT } from './answers.ts';
import type { Asking } from './asking.ts';
import { askedPage, askPage, withdrawnPage, withdrawPage, type TypedAsk } from './page.ts';
import { ASK_WISH, KEYS } from './wish.ts';

/** What the withdraw links of the list lead to. */
const WITHDRAW_PATH = `${ASK_PATH}/withdraw`;

export interface AskingPagesParts {
  readonly asking: Asking;
  readonly guard: ActGuard;
  readonly viewer: Viewer;
  readonly refuse: PageDenials;
  readonly pagesUrl: RouterUrl;
}

const FORM = ASK_WISH.omit({ access_key: true, secret_key: true }).extend({
  port: z
    .string()
    .regex(/^[0-9]+$/)
    .transform(Number)
    .pipe(ASK_WISH.shape.port),
});

const BAD_FORM: Answer = {
  status: 400,
  code: 'bad-request',
  title: 'Something is missing',
  detail:
    'Choose a task, a port from 1 to 65535, and a name of up to 64 letters, digits, “-” and single “_”, or none.',
};

/** The pages on which a user asks for an endpoint of a running task, and withdraws one. Plain forms, as those of endpoint tokens. */
export function createAskingPages(parts: AskingPagesParts): OwnPages {
  const paths: FormPaths<AskingPages> = new Map([
    [
      ASK_PATH,
      {
        show: (pages, user, fields) => pages.show(user, fields),
        act: (pages, user, fields, client) => pages.ask(user, fields, client),
      },
    ],
    [
      WITHDRAW_PATH,
      {
        show: async (pages, user, fields) => pages.question(user, fields),
        act: (pages, user, fields, client) => pages.withdraw(user, fields, client),
      },
    ],
  ]);
  const through = new AskingPages(parts);
  return createFormPages({ through, home: ASK_PATH, paths, off: NO_SIGN_IN }, parts);
}

class AskingPages {
  readonly #parts: AskingPagesParts;

  constructor(parts: AskingPagesParts) {
    this.#parts = parts;
  }

  async show(
    user: User,
    fields: URLSearchParams,
    problem?: Answer,
  ): Promise<PageAnswer | Answer | Denied> {
    const { asking, guard } = this.#parts;
    const { identity } = user;
    const { off } = asking;
    const own = off === undefined ? await asking.ownTasks(user) : { tasks: [], more: false };
    if ('outcome' in own || 'status' in own) return own;
    const page = askPage({
      ...own,
      user: named(user.identity),
      off,
      administers: administers(identity),
      tcp: asking.tcp,
      asksKeys: guard.asksKeys(user),
      problem,
      typed: typedIn(fields),
      now: Date.now(),
    });
    return formAnswer(page, problem);
  }

  async ask(
    user: User,
    fields: URLSearchParams,
    client: string,
  ): Promise<PageAnswer | Answer | Denied> {
    const { asking, guard } = this.#parts;
    const { task, other, port, protocol, name, keepPrefix, https } = typedIn(fields);
    const wish = FORM.safeParse({
      task: other === '' ? task : other,
      port,
      protocol,
      ...(name === '' ? {} : { name }),
      keep_prefix: keepPrefix,
      ...(https ? { scheme: 'https' } : {}),
    });
    if (!wish.success) return this.show(user, fields, BAD_FORM);
    const refusal = await guard.refusal(user, typedKeys(fields), client);
    if (refusal !== undefined) return this.show(user, fields, refusal);
    const asked = await asking.ask(user, wish.data);
    if ('outcome' in asked) return asked;
    if ('status' in asked) return this.show(user, fields, asked);
    return pageAnswer(200, askedPage({ asked, user: named(user.identity) }));
  }

  question(user: User, fields: URLSearchParams, problem?: Answer): PageAnswer | Answer {
    const endpoint = fields.get('endpoint') ?? '';
    if (!ENDPOINT_ID.test(endpoint)) return NO_SUCH_ENDPOINT;
    const asksKeys = this.#parts.guard.asksKeys(user);
    const page = withdrawPage({ user: named(user.identity), endpoint, asksKeys, problem });
    return formAnswer(page, problem);
  }

  async withdraw(
    user: User,
    fields: URLSearchParams,
    client: string,
  ): Promise<PageAnswer | Answer | Denied> {
    const { asking, guard } = this.#parts;
    const endpoint = fields.get('endpoint') ?? '';
    const refusal = await guard.refusal(user, typedKeys(fields), client);
    if (refusal !== undefined) return this.question(user, fields, refusal);
    const problem = await asking.withdraw(user, endpoint);
    if (problem === undefined) {
      return pageAnswer(200, withdrawnPage(named(user.identity), endpoint));
    }
    return 'outcome' in problem ? problem : this.question(user, fields, problem);
  }
}

function typedIn(fields: URLSearchParams): TypedAsk {
  const field = (name: string): string => (fields.get(name) ?? '').trim();
  return {
    task: field('task'),
    other: field('other'),
    port: field('port'),
    protocol: field('protocol'),
    name: field('name'),
    keepPrefix: field('keep_prefix') === 'true',
    https: field('scheme') === 'https',
  };
}

function typedKeys(fields: URLSearchParams): z.infer<typeof KEYS> {
  return KEYS.safeParse(Object.fromEntries(fields)).data ?? {};
}
