import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStaticRoutes } from '../../../../router/routes/static/static_routes.ts';
import { readSettings } from '../../../../router/settings/settings.ts';

const URLS = readSettings({
  ROUTER_URL: 'https://router.example.com',
  CLEARML_API_HOST: 'https://api.clear.example.com',
  CLEARML_API_ACCESS_KEY: 'access',
  CLEARML_API_SECRET_KEY: 'secret',
  AUTH_BASE64_JWKS_KEY: 'a-signing-secret-of-the-server-0123456789',
});
const CHAT = { name: 'chat', type: 'path', path: 'chat' };

const read = (...routes: readonly object[]) =>
  readStaticRoutes(JSON.stringify({ routes }), 'routes.json', URLS);

/** What is told of such a route. */
function problem(more: object): string {
  try {
    read({ ...CHAT, ...more });
  } catch (error) {
    return (error as Error).message.replace('STATIC_ROUTES_FILE: routes.json is wrong\n  ', '');
  }
  return 'nothing';
}

test('levels are those of endpoints and two more; what 0.2 called task is visible', () => {
  const levels = [undefined, 'task', 'visible', 'authenticated', 'public'].map(
    (access) => read({ ...CHAT, access })[0]?.access,
  );
  assert.deepEqual(levels, ['visible', 'visible', 'visible', 'authenticated', 'public']);
  const [people] = read({ ...CHAT, access: 'people', people: ['alice'] });
  assert.deepEqual([people?.access, people?.people], ['people', ['alice']]);
  assert.equal(
    problem({ access: 'owner' }),
    'routes.0.access: Invalid option: expected one of "task"|"people"|"visible"|"authenticated"|"public"',
  );
});

test('people and its list are given together', () => {
  const nobody = 'routes.0.people: names nobody: list the users whom `access: people` lets in';
  assert.equal(problem({ access: 'people' }), nobody);
  assert.equal(problem({ access: 'people', people: [] }), nobody);
  const name = 'routes.0.people.0: expected the id or the name of a user';
  assert.equal(problem({ access: 'people', people: [''] }), name);
  for (const access of ['visible', 'authenticated', 'public']) {
    assert.equal(
      problem({ access, people: ['alice'] }),
      `routes.0.people: given, but access is ${access}, which looks at no list: remove it, or set access to people`,
    );
  }
});
