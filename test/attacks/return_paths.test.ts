import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { ReturnSettings } from '../../router/auth/sessions/return_path.ts';
import { safeReturn } from '../../router/auth/sessions/return_path.ts';
import { endpoint, staticRoute, table, taskId } from '../support/auth_fixture.ts';

const MINE = taskId('a');
const ORIGIN = 'https://router.example.com';
const T = `/service/${MINE}/`;

const settings: ReturnSettings = {
  ROUTER_URL: {
    origin: ORIGIN,
    host: 'router.example.com',
    hostname: 'router.example.com',
    secure: true,
  },
  ROUTER_PAGES_URL: undefined,
  ROUTER_WILDCARD_HOST: 'tasks.example.com',
  ROUTER_PATH_FORM: true,
};
const routes = table(
  [endpoint(MINE)],
  [
    staticRoute('chat', 'authenticated', [endpoint(MINE)]),
    staticRoute('lab', 'authenticated', [endpoint(MINE)], 'subdomain'),
  ],
);

/** Each of these made some browser, some parser or some proxy leave for another host, or reaches a page that is no endpoint. */
const TRAPS = [
  '',
  'evil.example',
  'evil.example/service',
  '//evil.example',
  '//evil.example/',
  '///evil.example',
  '////evil.example',
  '/\\evil.example',
  '/\\/evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r/evil.example',
  '/%09/evil.example',
  '/%5cevil.example',
  '/%2f/evil.example',
  '/ /evil.example',
  '/\u00a0/evil.example',
  '/\u2028/evil.example',
  '/./evil.example',
  '/.//evil.example',
  '/..//evil.example',
  '/%2e%2e//evil.example',
  'https://evil.example',
  'https://evil.example/service/',
  'https:evil.example',
  'https:/evil.example',
  'https:///evil.example',
  'HTTPS://evil.example',
  'http://router.example.com/',
  'https://router.example.com',
  'https://router.example.com.evil.example/',
  'https://router.example.com@evil.example/',
  'https://router.example.com:443@evil.example/',
  'https://evil.example\\@router.example.com/',
  'https://evil.example#@router.example.com/',
  'https://evil.example?@router.example.com/',
  'https://user@router.example.com/service/',
  'https://router.example.com:8443/',
  'https://xrouter.example.com/',
  'https://router.example.com%2f.evil.example/',
  'javascript:alert(1)',
  'JavaScript:alert(1)//',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:x',
  'ftp://router.example.com/',
  '/auth/sign-in',
  '/auth/sign-out',
  '/auth/sign-in?next=/auth/sign-in',
  '/api/v1/routes',
  '/api/v1/endpoint-tokens',
  '/auth/endpoint-tokens/revoke',
  '/auth/endpoint-tokensx',
  '/auth/sharingx',
  '/auth/sharing/take-back',
  '/share',
  '/share/x',
  `/share/${'a'.repeat(36)}.${'b'.repeat(43)}`,
  '/other',
  '/service/',
  '/service/short/',
  `/service/${'A'.repeat(32)}/`,
  `/service/${MINE}x/`,
  `/service/${MINE}/../../auth/sign-out`,
  `/service/${MINE}/%2e%2e/${taskId('b')}/`,
  `/service/${MINE}/.%2E/x`,
  `/service/${MINE}/..`,
  `/service/${MINE}/\\..\\x`,
  `/service/${MINE}/\r\nSet-Cookie: a=b`,
  `/service/${MINE}/"><script>`,
  `/service/${MINE}/#fragment`,
  `/service/${MINE}/${'x'.repeat(3000)}`,
  `service/${MINE}/`,
  ` /service/${MINE}/`,
  `/chat2/`,
  `//chat/`,
  `https://${MINE}.tasks.example.com`,
  `https://${MINE}.tasks.example.com.evil.example/`,
  `https://${MINE}.tasks.example.com../`,
  `https://${MINE}.tasks.example.com/../..;x/`,
  `https://evil.example/service/${MINE}/`,
  `https://evil.example/chat/`,
  `/service/${MINE}/..%2f`,
  `/service/${MINE}/..;/x`,
  '/chat/../auth/sign-out',
  '/chat/..;x',
  `https://${MINE}.tasks.example.com@evil.example/`,
  `https://${MINE}.tasks.example.com:8443/`,
  `http://${MINE}.tasks.example.com/`,
  `https://x.tasks.example.com/`,
  `https://${MINE}.x.tasks.example.com/`,
  `https://tasks.example.com/`,
  `https://evil${MINE}.tasks.example.com/`,
  'https://lab.example.com.evil.example/',
  'https://xlab.example.com/',
];

/** What ways back and traps are put together from. */
const PIECES =
  `/ \\ . .. %2e %2f : @ ? # ; // service ${MINE} https: router.example.com tasks.example.com evil.example
  ${MINE}.tasks.example.com lab.example.com chat auth x __ -- \u00e9`
    .split(/\s+/)
    .concat('\t', '\n', ' ');

describe('A43: ways back after sign-in', () => {
  for (const trap of TRAPS) {
    it(`never ${JSON.stringify(trap.slice(0, 70))}`, () => {
      assert.equal(safeReturn(trap, settings, routes), undefined);
    });
  }

  const GOOD: Record<string, string> = {
    '/': 'router',
    '/?q=1': 'router',
    [`/auth/endpoint-tokens?endpoint=${MINE}`]: 'router',
    [`/auth/sharing?endpoint=${MINE}`]: 'router',
    '/share/': 'router',
    [T]: 'router',
    [`/service/${MINE}`]: 'router',
    [`${T}lab/tree?x=1&y=%2f`]: 'router',
    [`${T}a//b/;c/...`]: 'router',
    [`/service/${MINE}__api/x`]: 'router',
    '/chat/': 'router',
    [`https://${MINE}.tasks.example.com/x?y`]: `endpoint:${MINE}`,
    [`https://${MINE}--api.tasks.example.com/`]: `endpoint:${MINE}__api`,
    [`https://${MINE}.tasks.example.com./x`]: `endpoint:${MINE}`,
    [`${T}a/../b`]: 'router',
    'https://lab.example.com/x': 'static:lab',
  };
  for (const [wanted, audience] of Object.entries(GOOD)) {
    it(`back to ${wanted}`, () => {
      assert.deepEqual(safeReturn(wanted, settings, routes), { location: wanted, audience });
    });
  }

  it('an endpoint’s own host has the port of ROUTER_URL', () => {
    const host = 'router.example.com:8443';
    const routerUrl = { ...settings.ROUTER_URL, origin: `https://${host}`, host };
    const back = (authority: string) =>
      safeReturn(`https://${authority}/`, { ...settings, ROUTER_URL: routerUrl }, routes)?.audience;
    assert.equal(back(`${MINE}.tasks.example.com:8443`), `endpoint:${MINE}`);
    assert.equal(back('lab.example.com:8443'), 'static:lab');
    for (const port of ['', ':443', ':84430', ':9443', ':x8443']) {
      assert.equal(back(`${MINE}.tasks.example.com${port}`), undefined, port);
    }
  });

  it('an absolute URL of the router itself is taken by its path', () => {
    assert.equal(safeReturn(`${ORIGIN}${T}x`, settings, routes)?.location, `${T}x`);
    assert.equal(safeReturn(`${ORIGIN}//evil.example`, settings, routes), undefined);
  });

  it('whatever is let through, a browser understands it as a place of this router', () => {
    const pieces = fc.constantFrom(...PIECES);
    const wanted = fc.array(pieces, { maxLength: 12 }).map((parts) => parts.join(''));
    const places = (url: URL) => {
      if (url.origin === ORIGIN) return /^\/($|service\/|chat(\/|$))/.test(url.pathname);
      return [`https://${MINE}.tasks.example.com`, 'https://lab.example.com'].includes(url.origin);
    };
    fc.assert(
      fc.property(
        fc.oneof(
          wanted,
          wanted.map((rest) => T + rest),
          fc.string(),
        ),
        (text) => {
          const back = safeReturn(text, settings, routes);
          if (back === undefined) return;
          assert.ok(places(new URL(back.location, ORIGIN)), back.location);
        },
      ),
      { numRuns: 3000 },
    );
  });
});
