import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { inspect } from 'node:util';

import { ComponentResource, output, runtime } from '@pulumi/pulumi';

import { INPUT_PATHS, type TaskRouterArgs } from '../../../infra/component/args.ts';
import { parseArgs } from '../../../infra/component/parse_args.ts';
import { InfraError } from '../../../infra/errors.ts';
import { replaced, pathsOf } from '../config/every_path.ts';
import { richStacks } from '../config/rich_stacks.ts';

const { kubernetes: _ofProvider, ...written } = richStacks['an Ingress and values of its own'];

/** What only a program can leave where a value should be. */
interface Junk {
  readonly value: unknown;
  /** What it is told; undefined where that is for the schema of its key, which knows of nothing else. */
  readonly message?: string;
  /** Whether it is read as a group, in which keys that other keys need are not there. */
  readonly isGroup?: true;
}

async function made(): Promise<readonly Junk[]> {
  await runtime.setMocks({
    newResource: ({ inputs, name }) => ({ id: name, state: inputs as object }),
    call: () => ({}),
  });
  const cycle: unknown[] = [];
  cycle.push(cycle);
  const resource = new ComponentResource('test:Component', 'made');
  return [
    { value: null },
    { value: cycle },
    { value: new Map([['name', 'x']]), isGroup: true },
    { value: Object.create(null), isGroup: true },
    { value: 1n, message: 'is a BigInt; write 1 without the n' },
    { value: () => 'text', message: 'is a function; give what it returns' },
    { value: Symbol('text'), message: 'is a symbol, which no key takes' },
    { value: Number.NaN, message: 'is NaN, which is no number' },
    { value: resource, message: 'is a resource; give one of its values' },
    {
      value: output('made'),
      message:
        'comes from another resource, and what is made depends on it; write it as a text, a number, true or false',
    },
  ];
}

const junk = await made();

/** The lines of the component's message; none where it takes the arguments. */
function problems(args: unknown): string[] {
  try {
    parseArgs('gpu', args as TaskRouterArgs);
    return [];
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    assert.equal(error.code, 'config-invalid');
    return error.message
      .split('\n')
      .slice(1, -1)
      .map((line) => line.trim());
  }
}

suite('a wrong argument of the component is told of', () => {
  test('wherever it is, one at a time, and nothing that is right', () => {
    assert.deepEqual(problems(written), []);
    for (const { isGroup = false, message, value } of junk) {
      for (const path of pathsOf(written)) {
        const key = path.join('.');
        if (message?.startsWith('comes from') === true && mayBeInput(key)) continue;
        const lines = problems(replaced(written, path, value));
        const at = `${key}, ${message ?? inspect(value)}`;
        if (message !== undefined) {
          assert.deepEqual(lines, [`${key}: ${message}`], at);
          continue;
        }
        assert.doesNotMatch(lines.join('\n'), /pulumi config|misplaced/, at);
        const others = lines.filter((line) => !isAbout(line, key));
        if (!isGroup) assert.deepEqual(others, [], at);
      }
    }
  });
});

/** Whether the line is about what lies at the key, below it, or around it. */
function isAbout(line: string, key: string): boolean {
  const about = line.slice(0, line.indexOf(': '));
  return `${about}.`.startsWith(`${key}.`) || `${key}.`.startsWith(`${about}.`);
}

function mayBeInput(key: string): boolean {
  return (INPUT_PATHS as readonly string[]).includes(key);
}

suite('the message about the arguments', () => {
  test('is about all of them where there are none', () => {
    const [, , , , big, , , , resource, later] = junk;
    for (const [args, message] of [
      [null, 'expected the sections of a stack as a group'],
      [undefined, 'expected the sections of a stack as a group'],
      ['clearml', 'expected the sections of a stack as a group'],
      [[], 'expected the sections of a stack as a group'],
      ...[big, resource, later].map((of) => [of?.value, of?.message] as const),
    ] as const) {
      assert.deepEqual(problems(args), [`arguments: ${message ?? ''}`]);
    }
  });

  test('says where a value holds itself', () => {
    const annotations: Record<string, unknown> = {};
    annotations['a'] = [{ b: annotations }];
    const shared = { a: 'b' };
    const ingress = { ...written.ingress, annotations };
    assert.deepEqual(problems({ ...written, ingress }), [
      'ingress.annotations.a.0.b: holds itself',
    ]);
    assert.deepEqual(problems({ ...written, commonLabels: shared, commonAnnotations: shared }), []);
  });

  test('names both forms of the host', () => {
    const expected =
      'ingress.hostName: expected a host, or { https: host } where TLS ends before the cluster';
    for (const hostName of [
      {},
      { https: {} },
      { https: undefined },
      { https: null },
      { https: 7 },
      { https: '' },
      { https: 'https://tasks.example.com' },
      { https: [output('tasks.example.com')] },
      { https: output('tasks.example.com'), port: 443 },
      { http: 'tasks.example.com' },
    ]) {
      assert.deepEqual(problems({ ...written, ingress: { ...written.ingress, hostName } }), [
        expected,
      ]);
    }
    const ingress = { hostName: { https: 'tasks.example.com:8443' }, controller: 'nginx' };
    assert.deepEqual(problems({ ...written, ingress, tls: {} }), []);
  });

  test('speaks of arguments, not of commands', () => {
    const { apiServerKey: _key, proxy, ...clearml } = written.clearml;
    const { password: _password, ...open } = proxy;
    const wrong = {
      ...written,
      clearml: { ...clearml, sslVerify: 'true', jwksKey: 7, proxy: open },
      namespace: { name: 7 },
    };
    assert.deepEqual(problems(wrong), [
      "clearml.jwksKey: expected the key that signs ClearML's tokens, found something else (not shown, since it is secret); as a text",
      'clearml.sslVerify: expected true or false, found "true"; without the quotes: true',
      "clearml.proxy.password: missing; set it in TaskRouter's arguments, as clearml.proxy.password",
      "clearml.apiServerKey: missing; set it in TaskRouter's arguments, as clearml.apiServerKey",
      "namespace.name: expected a name, found 7; as a text: '7'",
    ]);
  });
});
