import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { nextSteps } from '../../../infra/advice/next_steps.ts';
import { parsedConfig } from '../parsed_config.ts';
import { smallest } from '../stacks.ts';

/** The steps before the first one that is there whoever may open endpoints. */
function steps(router: object, more: object = {}): readonly string[] {
  const all = nextSteps(parsedConfig({ ...smallest, router, ...more }), 'dev');
  return all.slice(
    0,
    all.findIndex((step) => step.startsWith('Point the DNS name')),
  );
}

const LEFT_OUT =
  "Who may open an endpoint, since router.access.default is left out: its task's owner alone where ClearML is an open-source server, " +
  'which shows every task to everybody; on other servers ';
const OPEN =
  "The levels owner and people do not hold yet: a task may name the address of another's, and its owner opens that one. Where all " +
  "tasks run in pods, of namespace clearml for example: pulumi config set --path 'router.verifyPods.namespaces[0]' clearml, and " +
  'pulumi config set --path router.verifyPods.strict true';
const HALF_OPEN =
  'The levels owner and people do not hold yet: a task may name an address that no pod has which is looked at, and its owner opens ' +
  'what listens there. Where all tasks run in pods of the namespaces of router.verifyPods: ' +
  'pulumi config set --path router.verifyPods.strict true';

suite('the next steps begin with who may open endpoints', () => {
  const verifyPods = { namespaces: ['clearml'], strict: true };
  const as02 =
    'whoever may see its task in ClearML. For that on any server, as it was in 0.2: ' +
    'pulumi config set --path router.access.default visible';

  test('where the stack does not say it, and how it was in 0.2', () => {
    assert.deepEqual(steps({}), [LEFT_OUT + as02, OPEN]);
    assert.deepEqual(steps({ verifyPods }), [LEFT_OUT + as02]);
  });

  test('and name no key that the widest level forbids', () => {
    const people = "its task's owner and those whom the owner named.";
    assert.deepEqual(steps({ verifyPods, access: { widest: 'people' } }), [LEFT_OUT + people]);
    assert.deepEqual(steps({ verifyPods, access: { widest: 'owner' } }), []);
    assert.deepEqual(steps({ access: { widest: 'owner' } }), [OPEN]);
  });

  test('where the stack says it, only as far as it does not hold', () => {
    assert.deepEqual(steps({ access: { default: 'visible' } }), []);
    assert.deepEqual(steps({ verifyPods, access: { default: 'owner' } }), []);
    assert.deepEqual(steps({ access: { default: 'people' } }), [OPEN]);
    const lenient = { namespaces: ['clearml'] };
    assert.deepEqual(steps({ verifyPods: lenient, access: { default: 'owner' } }), [HALF_OPEN]);
  });

  test('and name static routes that no task serves there', () => {
    const route = (name: string, more: object = {}) => ({
      name,
      type: 'path',
      path: name,
      ...more,
    });
    const staticRoutes = [
      route('chat'),
      route('docs', { access: 'authenticated' }),
      route('own', { owners: { users: ['alice'] } }),
      route('off', { enabled: false }),
    ];
    assert.deepEqual(steps({ verifyPods, staticRoutes, access: { default: 'owner' } }), [
      'No task serves the static routes chat, docs where endpoints are not visible of themselves, as on an open-source server: whoever ' +
        "may edit a task there could put another's endpoint behind it. Name in `owners` of router.staticRoutes whose tasks may serve it.",
    ]);
    assert.deepEqual(steps({ staticRoutes, access: { default: 'visible' } }), []);
  });

  test('and tell of ports, which know no level, unless endpoints below visible have none', () => {
    const ports =
      'TCP ports know no level: whoever reaches the port of an endpoint reaches its task, and an open-source server shows the password ' +
      'of its ssh to everybody. To leave endpoints of the levels owner and people the tunnel through HTTPS alone: ' +
      'pulumi config set --path tcpSession.onlyVisible true';
    const tcpSession = { portRange: { start: 20_000, end: 20_001 } };
    const owner = { verifyPods, access: { default: 'owner' } };
    assert.deepEqual(steps(owner, { tcpSession }), [ports]);
    assert.deepEqual(steps({ verifyPods }, { tcpSession }), [LEFT_OUT + as02, ports]);
    assert.deepEqual(steps({ access: { default: 'visible' } }, { tcpSession }), []);
    assert.deepEqual(steps(owner, { tcpSession: { ...tcpSession, onlyVisible: true } }), []);
  });
});
