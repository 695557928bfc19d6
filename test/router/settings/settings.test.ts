import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { RouterError } from '../../../router/errors.ts';
import { SETTING_NAMES } from '../../../router/settings/schema.ts';
import { readSettings } from '../../../router/settings/settings.ts';
import { listenPortOf, listenRange, publicRange } from '../../../router/settings/tcp_range.ts';

const REQUIRED = {
  ROUTER_URL: 'https://task-router.example.com',
  CLEARML_API_HOST: 'https://api.clear.example.com',
  CLEARML_API_ACCESS_KEY: 'ACCESS',
  CLEARML_API_SECRET_KEY: 'SECRET',
  AUTH_BASE64_JWKS_KEY: 'c2lnbmluZy1rZXk',
};

const RANGE = { TCP_ROUTER_ADDRESS: '192.0.2.1', TCP_PORT_START: '22', TCP_PORT_END: '31' };

function problemsOf(environment: Record<string, string>): string {
  try {
    readSettings(environment);
  } catch (error) {
    assert.ok(error instanceof RouterError);
    assert.equal(error.code, 'SETTINGS_INVALID');
    return error.message;
  }
  return assert.fail('the settings were accepted');
}

describe('readSettings', () => {
  let directory = '';
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'settings-'));
  });
  after(() => {
    rmSync(directory, { recursive: true });
  });

  function file(name: string, content: string): string {
    const path = join(directory, name);
    writeFileSync(path, content);
    return path;
  }

  test('gives each setting its documented default', () => {
    const settings = readSettings(REQUIRED);
    const { sources, ROUTER_URL, ...others } = settings;
    assert.deepEqual(sources, {});
    assert.deepEqual(ROUTER_URL, {
      origin: 'https://task-router.example.com',
      host: 'task-router.example.com',
      hostname: 'task-router.example.com',
      secure: true,
    });
    assert.deepEqual(
      Object.fromEntries(Object.entries(others).filter(([, value]) => value !== undefined)),
      {
        ROUTER_NAME: 'router',
        CLEARML_API_HOST: 'https://api.clear.example.com',
        CLEARML_API_ACCESS_KEY: 'ACCESS',
        CLEARML_API_SECRET_KEY: 'SECRET',
        SSL_VERIFY: true,
        AUTH_ENABLED: true,
        AUTH_BASE64_JWKS_KEY: ['c2lnbmluZy1rZXk'],
        ROUTER_ADMINISTRATORS: [],
        ACCESS_WIDEST: 'visible',
        ACCESS_GUESTS: false,
        ACCESS_CACHE_SECONDS: 30_000,
        ACCESS_STALE_SECONDS: 600_000,
        LISTEN_QUEUE_NAME: [],
        VERIFY_TASK_PODS: [],
        VERIFY_TASK_PODS_STRICT: false,
        OWN_PORTS: false,
        TASK_POD_NAME_PREFIX: 'clearml-id-',
        POLL_INTERVAL: 2000,
        ROUTER_PATH_FORM: true,
        TCP_SOURCE_RANGES: [],
        TCP_PROXY_PROTOCOL: 'off',
        TCP_ONLY_VISIBLE: false,
        TCP_MAX_PORTS_PER_TASK: 8,
        TCP_MAX_PORTS_PER_USER: 64,
        TCP_MAX_CONNECTIONS: 32_768,
        TCP_MAX_CONNECTIONS_PER_PORT: 8_192,
        TRUSTED_PROXIES: [],
        HTTP_PORT: 8080,
        ADMIN_PORT: 8081,
        SHUTDOWN_DELAY_SECONDS: 0,
        DRAIN_SECONDS: 300_000,
        MAX_CONNECTIONS: 16_384,
        MAX_REQUESTS: 8_192,
        MAX_REQUESTS_PER_USER: 1_024,
        MAX_REQUESTS_PER_TASK: 4_096,
        MAX_WEBSOCKETS: 16_384,
        MAX_WEBSOCKETS_PER_USER: 1_024,
        MAX_WEBSOCKETS_PER_TASK: 4_096,
        OVERLOAD_DELAY_SECONDS: 500,
        OVERLOAD_MEMORY_PERCENT: 85,
        LOG_LEVEL: 'info',
      },
    );
  });

  test('lists every problem at once, in the order of the schema', () => {
    assert.equal(
      problemsOf({
        ROUTER_URL: 'task-router.example.com',
        CLEARML_API_HOST: 'ftp://api',
        CLEARML_API_ACCESS_KEY: 'ACCESS',
        POLL_INTERVAL: '-1',
        LOG_LEVEL: 'loud',
        WORKERS: '1',
        TASK_NETWORKS: '10.0.0.0/8, 10.0.0.0/33',
      }),
      [
        '8 settings are missing or wrong',
        '  ROUTER_URL: expected a URL with scheme and host and without a path, such as https://task-router.example.com',
        '  CLEARML_API_HOST: expected a URL with scheme, such as https://api.clear.example.com',
        '  CLEARML_API_SECRET_KEY: required; set it, or CLEARML_API_SECRET_KEY_FILE',
        '  AUTH_BASE64_JWKS_KEY: required; set it, or AUTH_BASE64_JWKS_KEY_FILE',
        '  TASK_NETWORKS: number 2 of the list: expected a network in CIDR form, such as 10.244.0.0/16; a prefix length is a decimal number from 0 to 32',
        '  POLL_INTERVAL: expected seconds from 0.05 to 3600, fractions allowed',
        '  LOG_LEVEL: expected debug, info, warn or error',
        "  WORKERS: is no more: Kubernetes' replicas do this and survive the loss of one; remove it and set availability.replicas",
      ].join('\n'),
    );
  });

  const crossed: readonly (readonly [string, Record<string, string>, string])[] = [
    [
      'sign-in switched off without the acknowledgement',
      { AUTH_ENABLED: 'false', AUTH_DISABLED_ACKNOWLEDGED: 'yes' },
      'AUTH_ENABLED: false opens every task to everybody who reaches the router; to mean it, also set AUTH_DISABLED_ACKNOWLEDGED=anyone-can-reach-every-task',
    ],
    [
      'half of the TCP settings',
      { TCP_PORT_START: '6000' },
      'TCP_ROUTER_ADDRESS, TCP_PORT_END: required, since TCP needs all of TCP_ROUTER_ADDRESS, TCP_PORT_START, TCP_PORT_END',
    ],
    [
      'a reversed range',
      { TCP_ROUTER_ADDRESS: '192.0.2.1', TCP_PORT_START: '6010', TCP_PORT_END: '6000' },
      'TCP_PORT_START, TCP_PORT_END: the range is reversed: it starts at 6010 and ends at 6000',
    ],
    [
      'a range over the HTTP port',
      { TCP_ROUTER_ADDRESS: '192.0.2.1', TCP_PORT_START: '8000', TCP_PORT_END: '8080' },
      'HTTP_PORT: 8080 lies in the TCP port range 8000 to 8080',
    ],
    [
      'ports to listen on without a range',
      { TCP_LISTEN_START: '20000' },
      'TCP_LISTEN_START: has no effect without TCP_PORT_START and TCP_PORT_END; set them, or remove this',
    ],
    [
      'a first port to listen on that is none',
      { ...RANGE, TCP_LISTEN_START: '0' },
      'TCP_LISTEN_START: expected a whole number from 1 to 65535',
    ],
    [
      'ports to listen on behind the last one',
      { ...RANGE, TCP_LISTEN_START: '65527' },
      'TCP_LISTEN_START: the range would be listened for at 65527 to 65536, and 65535 is the last port; choose 65526 or lower',
    ],
    [
      'ports to listen on over the HTTP port',
      { ...RANGE, TCP_LISTEN_START: '8071' },
      'HTTP_PORT: 8080 lies in the ports from TCP_LISTEN_START on, 8071 to 8080',
    ],
    [
      'ports to listen on over the admin port',
      { ...RANGE, TCP_LISTEN_START: '8081' },
      'ADMIN_PORT: 8081 lies in the ports from TCP_LISTEN_START on, 8081 to 8090',
    ],
    [
      'ports to listen on over the health port',
      { ...RANGE, TCP_LISTEN_START: '8083', HEALTH_PORT: '8092' },
      'HEALTH_PORT: 8092 lies in the ports from TCP_LISTEN_START on, 8083 to 8092',
    ],
    [
      'one port for users and metrics',
      { HTTP_PORT: '9000', ADMIN_PORT: '9000' },
      "HTTP_PORT, ADMIN_PORT: both are 9000; the admin port must not be reachable as users' traffic is",
    ],
    [
      'one port for users and health checks',
      { HTTP_PORT: '9000', HEALTH_PORT: '9000' },
      "HTTP_PORT, HEALTH_PORT: both are 9000; users' traffic is served on a port of its own",
    ],
    [
      'one port for health checks and metrics',
      { HEALTH_PORT: '8081' },
      'HEALTH_PORT, ADMIN_PORT: both are 8081; the admin port, with the metrics, must not be reachable as the health port is; choose another, or remove HEALTH_PORT',
    ],
    [
      'other replicas without a secret',
      {
        PEERS_HOST: 'router-peers',
        AUTH_ENABLED: 'false',
        AUTH_DISABLED_ACKNOWLEDGED: 'anyone-can-reach-every-task',
        AUTH_BASE64_JWKS_KEY: '',
      },
      'PEERS_HOST: replicas know each other by a secret, and there is none; set ROUTER_SECRET',
    ],
    [
      'other replicas at a port that nobody knows',
      { PEERS_HOST: 'router-peers', ADMIN_PORT: '0' },
      'PEERS_HOST: replicas ask each other at one port, and ADMIN_PORT is 0; name one',
    ],
    [
      'PROXY headers from nobody',
      { TCP_PROXY_PROTOCOL: 'accept' },
      'TCP_PROXY_PROTOCOL: accept believes no peer while TRUSTED_PROXIES is empty; name the addresses of the load balancer there',
    ],
    [
      'a PROXY protocol by its version',
      { TCP_PROXY_PROTOCOL: 'v2' },
      'TCP_PROXY_PROTOCOL: expected off or accept',
    ],
    [
      'endpoints without a URL',
      { ROUTER_PATH_FORM: 'false' },
      'ROUTER_PATH_FORM: false leaves endpoints without a URL; it needs ROUTER_WILDCARD_HOST',
    ],
    [
      'pages on the host of ROUTER_URL, at another port',
      { ROUTER_PAGES_URL: 'https://task-router.example.com:8443' },
      'ROUTER_PAGES_URL: names the host of ROUTER_URL; cookies do not tell ports apart, so give it another',
    ],
    [
      'pages under another scheme',
      { ROUTER_PAGES_URL: 'http://pages.example.com' },
      'ROUTER_PAGES_URL: begins with another scheme than ROUTER_URL',
    ],
    [
      'pages among the hosts of endpoints',
      { ROUTER_PAGES_URL: 'https://p.t.example.com', ROUTER_WILDCARD_HOST: 't.example.com' },
      'ROUTER_PAGES_URL: lies below ROUTER_WILDCARD_HOST, where the hosts of endpoints are',
    ],
    [
      'half a Lease',
      { LEASE_NAME: 'router' },
      'LEASE_NAMESPACE: required, since a Lease needs a namespace and a name',
    ],
    [
      'a static routes file that is not there',
      { STATIC_ROUTES_FILE: '/nowhere/routes.json' },
      'STATIC_ROUTES_FILE: cannot read the file /nowhere/routes.json: ENOENT',
    ],
    [
      'a value file that is not there',
      { TASK_NETWORKS_FILE: '/nowhere/networks' },
      'TASK_NETWORKS: cannot read the file /nowhere/networks: ENOENT',
    ],
    [
      'a value given twice',
      { LOG_LEVEL: 'info', LOG_LEVEL_FILE: '/nowhere/level' },
      'LOG_LEVEL: given twice, as LOG_LEVEL and as LOG_LEVEL_FILE; keep one',
    ],
  ];
  for (const [title, environment, expected] of crossed) {
    test(`refuses ${title}`, () => {
      assert.equal(
        problemsOf({ ...REQUIRED, ...environment }),
        `1 setting is missing or wrong\n  ${expected}`,
      );
    });
  }

  test('takes public ports that are its own where it listens for them elsewhere', () => {
    const range = { ...RANGE, TCP_PORT_START: '8080', TCP_PORT_END: '8081' };
    const settings = readSettings({ ...REQUIRED, ...range, TCP_LISTEN_START: '65534' });
    assert.deepEqual(publicRange(settings), { start: 8080, end: 8081 });
    assert.deepEqual(listenRange(settings), { start: 65_534, end: 65_535 });
    assert.equal(listenPortOf(settings)(8081), 65_535);
  });

  test('listens on the public ports where nothing else is said', () => {
    const settings = readSettings({ ...REQUIRED, ...RANGE });
    assert.deepEqual(listenRange(settings), publicRange(settings));
    assert.equal(listenPortOf(settings)(31), 31);
    assert.equal(listenRange(readSettings(REQUIRED)), undefined);
  });

  test('reads a value from a file, without the white space around it, and remembers the file', () => {
    const path = file('key', '  first-key\n second-key \n\n');
    const { AUTH_BASE64_JWKS_KEY: _, ...rest } = REQUIRED;
    const settings = readSettings({ ...rest, AUTH_BASE64_JWKS_KEY_FILE: path });
    assert.deepEqual(settings.AUTH_BASE64_JWKS_KEY, ['first-key', 'second-key']);
    assert.deepEqual(settings.sources, { AUTH_BASE64_JWKS_KEY: path });
  });

  test('refuses an empty value file', () => {
    const path = file('empty', '\n');
    assert.match(
      problemsOf({ ...REQUIRED, ROUTER_SECRET_FILE: path }),
      /the file .*empty is empty/,
    );
  });

  test('takes an empty variable for one that is not set', () => {
    assert.equal(readSettings({ ...REQUIRED, CLEARML_WEB_URL: '' }).CLEARML_WEB_URL, undefined);
  });

  test('asks for no signing key where sign-in is off on purpose', () => {
    const { AUTH_BASE64_JWKS_KEY: _, ...rest } = REQUIRED;
    const settings = readSettings({
      ...rest,
      AUTH_ENABLED: 'false',
      AUTH_DISABLED_ACKNOWLEDGED: 'anyone-can-reach-every-task',
    });
    assert.equal(settings.AUTH_ENABLED, false);
    assert.deepEqual(settings.AUTH_BASE64_JWKS_KEY, []);
  });

  test('reads address blocks, and an address alone as a block of one', () => {
    const { TASK_NETWORKS } = readSettings({
      ...REQUIRED,
      TASK_NETWORKS: '10.244.0.0/16, 192.0.2.7,fd00::/8',
    });
    assert.deepEqual(
      TASK_NETWORKS?.map(([address, length]) => `${address.toString()}/${length}`),
      ['10.244.0.0/16', '192.0.2.7/32', 'fd00::/8'],
    );
  });

  test('A67: takes namespaces of pods, or * alone, and strictness only with one of them', () => {
    const read = (VERIFY_TASK_PODS: string, VERIFY_TASK_PODS_STRICT = 'false') =>
      readSettings({ ...REQUIRED, VERIFY_TASK_PODS, VERIFY_TASK_PODS_STRICT });
    assert.deepEqual(read('clearml, gpu', 'true').VERIFY_TASK_PODS, ['clearml', 'gpu']);
    assert.deepEqual(read('*').VERIFY_TASK_PODS, ['*']);
    for (const wrong of ['*,clearml', 'a/../../secrets', 'Team', 'team-*', 'a?b']) {
      assert.throws(() => read(wrong), /VERIFY_TASK_PODS: expected names of namespaces/, wrong);
    }
    assert.throws(() => read('', 'true'), /VERIFY_TASK_PODS_STRICT: refuses every address while/);
  });

  test('A67: refuses networks that others read differently, wherever networks are read', () => {
    for (const name of ['TASK_NETWORKS', 'TRUSTED_PROXIES', 'TCP_SOURCE_RANGES']) {
      for (const [network, remedy] of [
        ['010.0.0.0/8', 'four decimal numbers, 10.0.0.0/8 or 8.0.0.0/8'],
        ['10.1/16', 'four decimal numbers, 10.1.0.0/16 or 10.0.0.1/16'],
        ['0x7f000000/8', 'four decimal numbers, 127.0.0.0/8'],
        ['10.1.2.3/8', '10.0.0.0/8 for the network, or 10.1.2.3/32 for the address'],
        ['::ffff:10.0.0.0/104', 'the IPv4 form of it, 10.0.0.0/8'],
      ]) {
        assert.throws(
          () => readSettings({ ...REQUIRED, [name]: network }),
          ({ message }: Error) => message.includes(`  ${name}: expected ${remedy}`),
          `${name}=${network}`,
        );
      }
    }
  });

  test('never repeats a value in its message: it may be a secret in the wrong variable', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...SETTING_NAMES.filter((name) => !name.endsWith('_FILE'))),
        fc.stringMatching(/^[A-Z]{24}$/),
        (name, value) => {
          let message = '';
          try {
            readSettings({ ...REQUIRED, [name]: `#${value}#` });
          } catch (error) {
            message = (error as Error).message;
          }
          assert.ok(!message.includes(value), message);
        },
      ),
    );
  });
});
