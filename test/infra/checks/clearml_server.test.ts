import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';

import { decodeJwt, SignJWT } from 'jose';

import { type Finding, good, performChecks } from '../../../infra/checks/check.ts';
import { clearmlServer, isSignedBy } from '../../../infra/checks/clearml_server.ts';
import { defaultSeed, ids } from '../../lab/clearml/seed.ts';
import { startClearMl } from '../../lab/clearml/server.ts';

const KEY = 'the-secret-that-signs-clearml-tokens';
const token = await new SignJWT({ identity: {} })
  .setProtectedHeader({ alg: 'HS256' })
  .sign(Buffer.from(KEY));

/** The two calls that the checks make, as a ClearML server answers them. */
async function apiServer(context: TestContext): Promise<string> {
  const server: Server = createServer((request, response) => {
    const { authorization } = request.headers;
    const isKnown =
      authorization === `Basic ${Buffer.from('key:secret').toString('base64')}` ||
      authorization === `Bearer ${token}`;
    response.writeHead(isKnown ? 200 : 401, { 'content-type': 'application/json' });
    const meta = { result_msg: isKnown ? 'OK' : 'Unauthorized (invalid credentials)' };
    const data = request.url === '/auth.login' ? { token } : { tasks: [] };
    response.end(JSON.stringify({ meta, data: isKnown ? data : {} }));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  context.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const trust = { verify: true, ca: undefined };

suite('clearmlServer', () => {
  test('logs in and lists tasks with the account of the router', async (context) => {
    const api = await apiServer(context);
    const server = clearmlServer({ api, accessKey: 'key', secretKey: 'secret' }, trust);
    assert.equal(await server.logIn(), token);
    assert.deepEqual(await server.tasks(token), { seen: 0, ofOthers: [] });
  });

  test("tells the server's own reason for a refusal", async (context) => {
    const api = await apiServer(context);
    const server = clearmlServer({ api, accessKey: 'key', secretKey: 'wrong' }, trust);
    await assert.rejects(server.logIn(), {
      message: 'ClearML refused auth.login: Unauthorized (invalid credentials) (401)',
    });
  });
});

suite('clearmlServer with the account of a fixed user', () => {
  test('A81: sends names and passwords as the server reads them', async (context) => {
    const seed = {
      ...defaultSeed,
      users: defaultSeed.users.map((user) =>
        user.id === ids.bob ? { ...user, username: 'jörg', password: 'pässwört' } : user,
      ),
    };
    const clearml = await startClearMl({ seed });
    context.after(() => clearml.stop());
    const logIn = (accessKey: string, secretKey: string): Promise<string> =>
      clearmlServer({ api: clearml.url, accessKey, secretKey }, trust).logIn();
    assert.equal(decodeJwt(await logIn('jörg', 'pässwört'))['identity'] !== undefined, true);
    await assert.rejects(logIn('jörg', 'passwort'), /bad username or password/);
  });

  test('A81: names keys of config, not settings of the router', async () => {
    const server = clearmlServer(
      { api: 'http://127.0.0.1:1', accessKey: 'a', secretKey: 'b' },
      trust,
    );
    await assert.rejects(server.logIn(), /did not answer auth\.login: .*ECONNREFUSED/);
    const pages = createServer((_, response) => response.end('<html>'));
    await new Promise<void>((resolve) => {
      pages.listen(0, '127.0.0.1', resolve);
    });
    const { port } = pages.address() as AddressInfo;
    const web = clearmlServer(
      { api: `http://127.0.0.1:${port}`, accessKey: 'a', secretKey: 'b' },
      trust,
    );
    const lines: string[] = [];
    const find = async (): Promise<Finding> => good(await web.logIn());
    await performChecks([{ title: 'account', find }], (line) => lines.push(line));
    pages.close();
    assert.match(lines.join(), /check that clearml\.apiServerUrlReference names the API/);
  });
});

suite('isSignedBy', () => {
  test('knows the key in both of its encodings, and among two', async () => {
    assert.equal(await isSignedBy(token, KEY), true);
    assert.equal(await isSignedBy(token, Buffer.from(KEY).toString('base64url')), true);
    assert.equal(await isSignedBy(token, `another-key-that-signed-nothing ${KEY}`), true);
  });

  test('does not take another', async () => {
    assert.equal(await isSignedBy(token, 'another-key-that-signed-nothing'), false);
    assert.equal(await isSignedBy(token, ''), false);
  });
});
