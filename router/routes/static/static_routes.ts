import * as z from 'zod';
import { RouterError } from '../../errors.ts';
import { siblingOrigin } from '../../settings/urls.ts';
import type { RouterUrl } from '../../settings/values.ts';
import type { StaticRoute } from '../model/table.ts';

/** A static route as the operator declared it. */
export interface StaticRouteRule extends Omit<StaticRoute, 'status' | 'endpoints' | 'people'> {
  /** Ids or names of those whom `people` lets in. */
  readonly people?: readonly string[] | undefined;
}

/** First path segments that belong to the router itself. */
const RESERVED = new Set([
  'service',
  'auth',
  'api',
  'client',
  'device',
  'share',
  'healthz',
  'readyz',
  'metrics',
  'favicon.ico',
]);

const name = z
  .string()
  .regex(/^[^\u0000-\u001f]{1,128}$/, 'expected a name of 1 to 128 characters');
const segment = z
  .string()
  .regex(/^[A-Za-z0-9_~][A-Za-z0-9._~-]{0,127}$/, 'expected one path segment, such as chat')
  .refine((path) => !RESERVED.has(path), 'this path belongs to the router itself');
const host = z
  .string()
  .toLowerCase()
  .regex(
    /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)+$/,
    'expected a host name, such as chat.example.com',
  );

const ownerName = z
  .string()
  .regex(/^[^\u0000-\u001f]{1,128}$/, 'expected the id or the name of a user or a queue');
const userName = z
  .string()
  .regex(/^[^\u0000-\u001f]{1,128}$/, 'expected the id or the name of a user');
const owners = z
  .strictObject({
    users: z
      .array(ownerName)
      .default([])
      .describe('Users, by id or name, whose tasks may serve it'),
    queues: z.array(ownerName).default([]).describe('Queues, by id or name, whose tasks may'),
  })
  .refine(
    ({ users, queues }) => users.length + queues.length > 0,
    'expected users or queues; left out, everybody may serve it',
  );

const shared = {
  name: name.describe('Name by which tasks ask for it'),
  enabled: z.boolean().default(true).describe('Whether it serves'),
  access: z
    .enum(['task', 'people', 'visible', 'authenticated', 'public'])
    .default('visible')
    // What version 0.2 called it.
    .transform((level) => (level === 'task' ? 'visible' : level))
    .describe(
      'Who may: `people`, those whom it names and who may see its task; `visible`, whoever may see its task; `authenticated`, everybody who is signed in; `public`, anybody. A task narrows it by its own word (`router_access`)',
    ),
  people: z
    .array(userName)
    .optional()
    .describe('With `access: people`: users, by id or name, beside the owner of the task'),
  load_balancer: z
    .strictObject({
      enabled: z.boolean().default(false).describe('Whether several tasks may serve it'),
    })
    .prefault({}),
  owners: owners
    .optional()
    .describe(
      'Whose tasks may serve it. Left out, any task that this router serves may: whoever may start tasks can then answer under this URL where nobody else does, and is given what its users send. Where endpoints are their owners’ alone (router.access.default, and on open-source servers where that is left out) it has to be there: whoever may edit a task could put another’s endpoint behind it',
    ),
};

/** The static routes that an operator declares; a stack's config and STATIC_ROUTES_FILE hold the same. */
export const staticRouteList = z
  .array(
    z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('path'), path: segment, ...shared }),
      z.strictObject({ type: z.literal('subdomain'), host, ...shared }),
    ]),
  )
  .superRefine((routes, context) => {
    for (const { index, message } of repeated(routes.map(toRule))) {
      context.addIssue({ code: 'custom', path: [index], message });
    }
    for (const [index, { access, people }] of routes.entries()) {
      const message = peopleProblem(access, people);
      if (message !== undefined) {
        context.addIssue({ code: 'custom', path: [index, 'people'], message });
      }
    }
  });
const file = z.strictObject({ routes: staticRouteList });

/** One route as the schema reads it. */
type DeclaredRoute = (
  | { readonly type: 'path'; readonly path: string }
  | { readonly type: 'subdomain'; readonly host: string }
) & {
  readonly name: string;
  readonly enabled: boolean;
  readonly access: StaticRoute['access'];
  readonly people?: readonly string[] | undefined;
  readonly load_balancer: { readonly enabled: boolean };
  readonly owners?: StaticRoute['owners'] | undefined;
};

function toRule(route: DeclaredRoute): StaticRouteRule {
  return {
    name: route.name,
    type: route.type,
    match: route.type === 'path' ? route.path : route.host,
    access: route.access,
    people: route.people,
    loadBalanced: route.load_balancer.enabled,
    enabled: route.enabled,
    owners: route.owners,
  };
}

/** A list that lets nobody in, or one that nobody looks at, was not meant. */
function peopleProblem(access: string, people: readonly string[] | undefined): string | undefined {
  if (access === 'people' && (people === undefined || people.length === 0)) {
    return 'names nobody: list the users whom `access: people` lets in';
  }
  return access === 'people' || people === undefined
    ? undefined
    : `given, but access is ${access}, which looks at no list: remove it, or set access to people`;
}

/** Two routes of one name or one URL cannot both be meant. */
function repeated(rules: readonly StaticRouteRule[]): { index: number; message: string }[] {
  const problems: { index: number; message: string }[] = [];
  const seen = new Map<string, number>();
  for (const [index, rule] of rules.entries()) {
    for (const key of [`name ${rule.name}`, `${rule.type} ${rule.match}`]) {
      const first = seen.get(key);
      if (first === undefined) seen.set(key, index);
      else problems.push({ index, message: `${key} is already that of the route ${first}` });
    }
  }
  return problems;
}

/** The URLs of the router's own hosts, by the names of their settings. */
export interface OwnUrls {
  readonly ROUTER_URL: RouterUrl;
  readonly ROUTER_PAGES_URL?: RouterUrl | undefined;
}

/** Such a route would take the host of the router's own pages, or be never served. */
function ownHost(rules: readonly StaticRouteRule[], urls: OwnUrls): string[] {
  const names = ['ROUTER_URL', 'ROUTER_PAGES_URL'] as const;
  return rules.flatMap((rule, index) => {
    const name = names.find((one) => urls[one]?.hostname === rule.match);
    return rule.type === 'subdomain' && name !== undefined
      ? [`routes.${index}.host: this is the host of ${name} itself`]
      : [];
  });
}

/**
 * Reads the text of STATIC_ROUTES_FILE, which stands at `path`.
 *
 * @throws RouterError SETTINGS_INVALID that lists every problem with its place in the file.
 */
export function readStaticRoutes(
  text: string,
  path: string,
  urls: OwnUrls,
): readonly StaticRouteRule[] {
  const fail = (problems: readonly string[]): never => {
    const lines = problems.map((problem) => `  ${problem}`);
    throw new RouterError(
      'SETTINGS_INVALID',
      [`STATIC_ROUTES_FILE: ${path} is wrong`, ...lines].join('\n'),
    );
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return fail([(error as Error).message]);
  }
  const parsed = file.safeParse(json);
  if (!parsed.success) {
    return fail(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  }
  const rules = parsed.data.routes.map(toRule);
  const problems = ownHost(rules, urls);
  return problems.length > 0 ? fail(problems) : rules;
}

/** The URL of a static route, with a slash at the end. */
export function staticRouteUrl(rule: StaticRouteRule, router: RouterUrl): string {
  if (rule.type === 'path') return `${router.origin}/${rule.match}/`;
  return `${siblingOrigin(router, rule.match)}/`;
}
