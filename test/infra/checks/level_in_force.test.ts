import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { SignJWT } from 'jose';

import { judgeLevel, judgePorts } from '../../../infra/checks/level_in_force.ts';
import { parsedConfig } from '../parsed_config.ts';
import { smallest } from '../stacks.ts';

const STRICT = { namespaces: ['clearml'], strict: true };

function tokenWith(claims: Readonly<Record<string, unknown>>): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from('x'));
}

async function judged(claims: Readonly<Record<string, unknown>>, router: object) {
  return judgeLevel(parsedConfig({ ...smallest, router }), await tokenWith(claims));
}

const basic = { feature_set: 'basic' };
const advanced = { feature_set: 'advanced' };
const SHOWS_ALL =
  'the server (feature set basic) shows every task to everybody; who opens an endpoint that says nothing: ';
const TELLS_APART =
  'the server (feature set advanced) shows tasks to those who may see them; who opens an endpoint that says nothing: ';

suite('the level in force', () => {
  test("is the owner's on a server that shows every task to everybody", async () => {
    assert.deepEqual(await judged(basic, { verifyPods: STRICT }), {
      outcome: 'good',
      says: `${SHOWS_ALL}its task's owner alone (owner: router.access.default is left out)`,
    });
  });

  test('lets in whoever sees the task where the server tells users apart, or the stack says so', async () => {
    assert.deepEqual(await judged(advanced, {}), {
      outcome: 'good',
      says: `${TELLS_APART}whoever may see its task in ClearML (visible: router.access.default is left out)`,
    });
    assert.deepEqual(await judged(basic, { access: { default: 'visible' } }), {
      outcome: 'good',
      says: `${SHOWS_ALL}whoever may see its task in ClearML (visible: router.access.default)`,
    });
  });

  test('is the widest that the stack has, where that is narrower', async () => {
    assert.deepEqual(await judged(advanced, { access: { widest: 'people' }, verifyPods: STRICT }), {
      outcome: 'good',
      says: `${TELLS_APART}its task's owner and those whom the owner named (people: router.access.widest)`,
    });
  });

  test('is the narrowest on a server that does not say what it is', async () => {
    assert.match((await judged({}, {})).says, /^the server \(feature set not named\) .*\(owner: /);
  });

  test('does not hold where an address may be that of another task, and the keys that mend it are named', async () => {
    const asked = { ...advanced };
    assert.deepEqual(await judged(asked, { access: { default: 'people' } }), {
      outcome: 'unsure',
      says: `${TELLS_APART}its task's owner and those whom the owner named (people: router.access.default), which does not hold yet`,
      fix:
        "a task may name the address of another's, and its owner opens that one. Where all tasks run in pods, of namespace clearml for " +
        "example: pulumi config set --path 'router.verifyPods.namespaces[0]' clearml, and " +
        'pulumi config set --path router.verifyPods.strict true',
    });
    const lenient = { access: { default: 'owner' }, verifyPods: { namespaces: ['clearml'] } };
    assert.deepEqual(await judged(asked, lenient), {
      outcome: 'unsure',
      says: `${TELLS_APART}its task's owner alone (owner: router.access.default), which does not hold yet`,
      fix:
        'a task may name an address that no pod has which is looked at, and its owner opens what listens there. Where all tasks run in ' +
        'pods of the namespaces of router.verifyPods: pulumi config set --path router.verifyPods.strict true',
    });
  });
});

suite('TCP ports beside the level in force', () => {
  const ports = async (claims: Readonly<Record<string, unknown>>, session: object) => {
    const tcpSession = { portRange: { start: 20_000, end: 20_001 }, ...session };
    return judgePorts(parsedConfig({ ...smallest, tcpSession }), await tokenWith(claims));
  };

  test('let in whom it does not, and the key that ends that is named', async () => {
    assert.deepEqual(await ports(basic, {}), {
      outcome: 'unsure',
      says: 'they know no level, and owner is the one of endpoints that say nothing',
      fix:
        'whoever reaches the port of an endpoint reaches its task, and an open-source server shows the password of its ssh to everybody. ' +
        'To leave endpoints of the levels owner and people the tunnel through HTTPS alone: ' +
        'pulumi config set --path tcpSession.onlyVisible true',
    });
  });

  test('are well where it is visible, or they are for such endpoints alone', async () => {
    assert.deepEqual(await ports(advanced, {}), {
      outcome: 'good',
      says: 'endpoints that say nothing are at level visible',
    });
    assert.deepEqual(await ports(basic, { onlyVisible: true }), {
      outcome: 'good',
      says: 'for endpoints at level visible alone',
    });
  });
});
