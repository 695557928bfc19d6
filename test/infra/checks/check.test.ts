import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { bad, performChecks, unsure } from '../../../infra/checks/check.ts';

suite('performChecks', () => {
  test('writes a line per check and a fix below each failure, and goes on', async () => {
    const lines: string[] = [];
    const isGood = await performChecks(
      [
        { title: 'a', find: () => Promise.resolve({ outcome: 'good', says: 'fine' }) },
        {
          title: 'b',
          find: () => Promise.resolve({ outcome: 'unsure', says: 'maybe', fix: 'look' }),
        },
        { title: 'c', find: () => Promise.reject(new Error('broken')) },
      ],
      (line) => lines.push(line),
    );
    assert.equal(isGood, false);
    assert.deepEqual(lines, [
      '✔ a: fine',
      '• b: maybe',
      '    look',
      '✖ c: broken',
      '    Mend this and run the command again.',
    ]);
  });

  test('tells once of a host that cannot be found, and of each that lacks', async () => {
    const lines: string[] = [];
    const fails = (message: string) => () => Promise.reject(new Error(message));
    const lost = 'getaddrinfo ENOTFOUND tasks.example.com';
    const secret = bad('does not exist', 'Make it.');
    const isGood = await performChecks(
      [
        { title: 'sign-in', find: fails(lost) },
        { title: 'list', find: () => Promise.resolve(bad(`fetch failed: ${lost}`, 'look')) },
        { title: 'account', find: fails('no answer: getaddrinfo ENOTFOUND api.example.com') },
        { title: 'Secret a', find: () => Promise.resolve(secret) },
        { title: 'Secret b', find: () => Promise.resolve(secret) },
      ],
      (line) => lines.push(line),
    );
    assert.equal(isGood, false);
    assert.deepEqual(lines, [
      '✖ sign-in: getaddrinfo ENOTFOUND tasks.example.com',
      '    Make a DNS entry for tasks.example.com, or look at the resolver of this machine.',
      '• list: not looked at',
      '    See sign-in.',
      '✖ account: no answer: getaddrinfo ENOTFOUND api.example.com',
      '    Make a DNS entry for api.example.com, or look at the resolver of this machine.',
      '✖ Secret a: does not exist',
      '    Make it.',
      '✖ Secret b: does not exist',
      '    Make it.',
    ]);
  });

  test('speaks in keys of the stack, whatever a check passes on from the router', async () => {
    const lines: string[] = [];
    const problems = 'TCP_PORT_START to TCP_PORT_END are all given; see UNABLE_TO_VERIFY';
    await performChecks(
      [{ title: 'list', find: () => Promise.resolve(unsure('set SSL_VERIFY=false', problems)) }],
      (line) => lines.push(line),
    );
    assert.deepEqual(lines, [
      '• list: set clearml.sslVerify=false',
      '    tcpSession.portRange.start to tcpSession.portRange.end are all given; see UNABLE_TO_VERIFY',
    ]);
  });
});
