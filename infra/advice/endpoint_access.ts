import { narrower, type EndpointLevel } from '../../router/grammar/access_level.ts';
import type { StackConfig } from '../config/stack_config.ts';

/** Who opens an endpoint of a level, as a sentence names them. */
export const WHO: Readonly<Record<EndpointLevel, string>> = {
  owner: "its task's owner alone",
  people: "its task's owner and those whom the owner named",
  visible: 'whoever may see its task in ClearML',
};

/** What to know of who may open endpoints, which version 0.2 opened to whoever may see the task. */
export function endpointAccessSteps(config: StackConfig): readonly string[] {
  const { default: given, widest } = config.router.access;
  const isNarrow = narrower(given ?? 'owner', widest) !== 'visible';
  const gap = isNarrow ? ownerGap(config) : undefined;
  const ports = isNarrow ? portGap(config) : undefined;
  const unowned = isNarrow ? routesWithoutOwners(config) : [];
  return [
    ...(given === undefined && widest !== 'owner' ? [leftOut(widest)] : []),
    ...(gap === undefined ? [] : [`The levels owner and people do not hold yet: ${gap}`]),
    ...(ports === undefined ? [] : [`TCP ports know no level: ${ports}`]),
    ...(unowned.length === 0 ? [] : [ownersMissing(unowned)]),
  ];
}

/** Names of the static routes that no task may serve where endpoints are not `visible` of themselves: see static_names.ts of the router. */
function routesWithoutOwners({ router: { staticRoutes = [] } }: StackConfig): readonly string[] {
  return staticRoutes
    .filter(({ enabled, owners }) => enabled && owners === undefined)
    .map(({ name }) => name);
}

function ownersMissing(names: readonly string[]): string {
  const what =
    names.length === 1 ? `static route ${names[0]}` : `static routes ${names.join(', ')}`;
  return (
    `No task serves the ${what} where endpoints are not visible of themselves, as on an open-source server: whoever may edit a task there ` +
    "could put another's endpoint behind it. Name in `owners` of router.staticRoutes whose tasks may serve it."
  );
}

function leftOut(widest: EndpointLevel): string {
  const says =
    `Who may open an endpoint, since router.access.default is left out: ${WHO.owner} where ClearML is an open-source server, which ` +
    `shows every task to everybody; on other servers ${WHO[widest]}.`;
  if (widest !== 'visible') return says;
  return `${says} For that on any server, as it was in 0.2: pulumi config set --path router.access.default visible`;
}

/**
 * Why others than the owner and those whom the owner named may get in where the level says so, and the keys that mend it: a task has
 * to lie at the address that it names. Undefined where each address is held against the task's own pod.
 */
export function ownerGap({ router: { verifyPods } }: StackConfig): string | undefined {
  if (verifyPods?.strict === true) return undefined;
  if (verifyPods !== undefined) {
    return (
      'a task may name an address that no pod has which is looked at, and its owner opens what listens there. Where all tasks run in pods ' +
      'of the namespaces of router.verifyPods: pulumi config set --path router.verifyPods.strict true'
    );
  }
  return (
    "a task may name the address of another's, and its owner opens that one. Where all tasks run in pods, of namespace clearml for " +
    "example: pulumi config set --path 'router.verifyPods.namespaces[0]' clearml, and " +
    'pulumi config set --path router.verifyPods.strict true'
  );
}

/** What the levels `owner` and `people` leave open by the range of TCP ports, and the key that closes it; undefined where nothing. */
export function portGap({ tcpSession }: StackConfig): string | undefined {
  if (tcpSession === undefined || tcpSession.onlyVisible) return undefined;
  return (
    'whoever reaches the port of an endpoint reaches its task, and an open-source server shows the password of its ssh to everybody. To leave ' +
    'endpoints of the levels owner and people the tunnel through HTTPS alone: pulumi config set --path tcpSession.onlyVisible true'
  );
}
