import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCookieName } from '../../../../router/auth/identity/cookie_name_check.ts';
import type { OwnLogin } from '../../../../router/clearml/clearml.ts';
import { readiness } from '../../../../router/readiness.ts';
import { createLog } from '../../../../router/telemetry/log.ts';

const ROUTES = {
  ready: true,
  leader: true,
  holder: undefined,
  lastError: undefined,
  lastFailure: undefined,
  problems: [],
  portsLeft: undefined,
};

function watched(AUTH_COOKIE_NAME?: string) {
  const lines: string[] = [];
  const listeners: ((login: OwnLogin) => void)[] = [];
  const onLogin = (listener: (login: OwnLogin) => void) => {
    listeners.push(listener);
    return () => undefined;
  };
  const log = createLog('info', { write: (line) => lines.push(line) });
  const problem = checkCookieName({ AUTH_ENABLED: true, AUTH_COOKIE_NAME }, { onLogin }, log);
  const login = (cookieName: string | undefined): void => {
    for (const listener of listeners) listener({ token: 'secret', cookieName });
  };
  return { lines, problem, login };
}

test('a login that sets no cookie is a warning and a detail of readiness, and does not make the router unready', () => {
  const { lines, problem, login } = watched();
  assert.equal(problem(), undefined, 'nothing is known before the first login');
  login(undefined);
  login(undefined);
  assert.equal(lines.length, 1, 'said once');
  assert.match(lines.join(), /AUTH_COOKIE_NAME/);
  assert.doesNotMatch(lines.join(), /secret/);
  const facts = { draining: false, routes: ROUTES, key: 'settled' } as const;
  const checks = readiness({ ...facts, cookieName: problem() });
  const found = checks.find(({ name }) => name === 'cookie-name');
  assert.deepEqual([found?.ok, found?.required], [false, false]);
  login('clearml_token_basic');
  assert.equal(problem(), undefined);
  assert.ok(!readiness({ ...facts, cookieName: problem() }).some(({ ok }) => !ok));
});

test('with AUTH_COOKIE_NAME there is nothing to learn', () => {
  const { lines, problem, login } = watched('own_cookie');
  login(undefined);
  assert.equal(problem(), undefined);
  assert.deepEqual(lines, []);
});
