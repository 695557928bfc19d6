/** The least that a stack has to say, with a secret text that no other value contains. */
export const smallest = {
  clearml: {
    apiServerUrlReference: 'https://api.clearml.example.com',
    apiServerKey: 'SECRET-access-key',
    apiServerSecret: 'SECRET-secret-key',
    jwksKey: 'SECRET-signing-key',
  },
  ingress: { hostName: 'https://tasks.example.com' },
  kubernetes: { context: 'test' },
} as const;

/** The installation guide's values, all of them. */
export const guide = {
  ...smallest,
  imageCredentials: { password: 'SECRET-registry-password' },
  clearml: { ...smallest.clearml, authCookieName: 'allegro_token_example', sslVerify: true },
  ingress: { enabled: true, hostName: 'tasks.example.com', tlsSecretName: 'tasks-tls' },
  tcpSession: { routerAddress: 'ssh.example.com', portRange: { start: 31_000, end: 31_002 } },
} as const;
