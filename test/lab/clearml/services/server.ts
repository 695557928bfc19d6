import type { Service } from '../call.ts';

/** What tells a client what the server is. */
export const server: Service = {
  'server.info': {
    handle: (_call, { options }) => ({
      version: options.serverVersion,
      build: 'stand-in',
      commit: 'stand-in',
      api_version: options.apiVersion,
    }),
  },
  'server.config': {
    roles: ['root', 'system'],
    handle: (_call, { options }) => ({
      apiserver: { auth: { session_auth_cookie_name: options.cookieName } },
    }),
  },
  'debug.ping': {
    authorize: 'optional',
    handle: ({ data }) => ({ msg: 'ClearML server', ...data }),
  },
  'auth.fixed_users_mode': {
    authorize: 'optional',
    handle: (_call, { options }) => ({
      enabled: options.fixedUsers,
      guest: { enabled: false },
      server_errors: {},
    }),
  },
  'server.report_stats_option': { handle: () => ({ supported: false }) },
  'login.supported_modes': {
    authorize: 'optional',
    handle: (call, { options }) => ({
      basic: { enabled: options.fixedUsers, guest: { enabled: false } },
      sso: {},
      sso_providers: [],
      server_errors: { missed_es_upgrade: false, es_connection_error: false },
      authenticated: call.authenticated,
    }),
  },
};
