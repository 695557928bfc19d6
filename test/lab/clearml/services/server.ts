import type { Service } from '../call.ts';

/** Two services that tell a client what the server is: `server.*` and `login.*`. */
export const server: Service = {
  'server.info': {
    handle: (_call, { options }) => ({
      version: options.serverVersion,
      build: 'stand-in',
      commit: 'stand-in',
      uid: 'stand-in',
      api_version: options.apiVersion,
    }),
  },
  'server.config': {
    roles: ['root', 'system'],
    handle: (_call, { options }) => ({
      apiserver: { auth: { session_auth_cookie_name: options.cookieName } },
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
