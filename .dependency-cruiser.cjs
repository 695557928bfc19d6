/**
 * The rules of the house: imports run one way, between files and between rooms, by type imports too. It is swc that reads the files;
 * the tool's note that it finds no TypeScript below 7 does not matter for that.
 */
module.exports = {
  forbidden: [
    { name: 'no-circle-of-files', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-circle-of-rooms',
      severity: 'error',
      scope: 'folder',
      from: { path: '^(router|infra)/' },
      to: { circular: true },
    },
    {
      name: 'proxy-knows-nothing-of-clearml',
      comment: 'What carries bytes asks the gate and the routes alone.',
      severity: 'error',
      from: { path: '^router/(http|websocket|tcp|upstream|sockets|pages)/' },
      to: {
        path: '^router/(clearml|kubernetes|lease|state|web/(api|asking|endpoint_tokens|overview|sign_in))/',
      },
    },
    {
      name: 'leaves-import-no-room',
      severity: 'error',
      from: { path: '^router/(grammar|sockets)/' },
      to: { path: '^router/(http|websocket|tcp|upstream|pages|web|auth|routes)/' },
    },
    {
      name: 'router-knows-nothing-of-infra',
      severity: 'error',
      from: { path: '^router/' },
      to: { path: '^infra/' },
    },
    {
      name: 'product-knows-nothing-of-tests',
      severity: 'error',
      from: { path: '^(router|infra)/' },
      to: { path: '^test/' },
    },
    {
      name: 'config-loads-no-pulumi',
      comment:
        'Parsing a stack loads no provider package; secrets are wrapped by the SDK as they are read.',
      severity: 'error',
      from: { path: '^infra/config/' },
      to: { path: 'node_modules/@pulumi', reachable: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: { extensions: ['.ts', '.js', '.cjs'] },
  },
};
