/** What is asked by its query or by what comes before is asked of one place all the same. */
function pathnameOf(path: string): string {
  const end = path.indexOf('?');
  return end === -1 ? path : path.slice(0, end);
}

/** Where programs ask whether an app works, and how much it does. */
const MONITORED: ReadonlySet<string> = new Set([
  '/metrics',
  '/health',
  '/healthz',
  '/livez',
  '/readyz',
  '/ready',
  '/ping',
  '/-/healthy',
  '/-/ready',
  '/api/health',
  // Jupyter.
  '/api/status',
  '/api/metrics/v1',
  // Streamlit.
  '/_stcore/health',
  // What speaks the protocol of KServe, as Triton does.
  '/v2/health/live',
  '/v2/health/ready',
]);

/** Whether it asks for the health or the numbers of the app. @param path with its query, as the task gets it. */
export function isMonitoring(path: string): boolean {
  return MONITORED.has(pathnameOf(path));
}

/** Most bytes of what a page of Socket.IO answers to a heartbeat: `3`, and `1:3` in its third version. */
const LONGEST_PONG_BYTES = 3;

/** What pages of some apps ask for by themselves although it looks like somebody's doing, with the length of its body in bytes. */
const BACKGROUND: readonly ((path: string, length: number) => boolean)[] = [
  // Socket.IO without a WebSocket: it waits by GET, and answers heartbeats by POST. What a page says there is longer.
  (path, length) =>
    path.includes('/socket.io/?') &&
    path.includes('transport=polling') &&
    length <= LONGEST_PONG_BYTES,
  // RStudio waits by POST for what happens.
  (path) => path === '/events/get_events',
  // JupyterLab's extension for Git looks at the repository every few seconds.
  (path) => path.startsWith('/git/') && /\/(?:status|branch|changed_files)$/.test(path),
];

/**
 * Whether it is a page's own doing, by what is known of its app.
 *
 * @param path with its query, as the task gets it.
 * @param length of its body in bytes; Infinity where that is not known before it has come.
 */
export function isBackground(path: string, length: number): boolean {
  return BACKGROUND.some((rule) => rule(path, length));
}

const JUPYTERLAB_WORKSPACES = '/lab/api/workspaces/';

/**
 * Whether a page saves there by itself, again and again, how it looks, so that only a save of another length than before is somebody's
 * doing. JupyterLab 4 does so by PUT every ten seconds while it is in sight: which tabs and panels are open, and how wide.
 *
 * @param path with its query, as the task gets it.
 */
export function isSavedAgain(path: string): boolean {
  const at = path.indexOf(JUPYTERLAB_WORKSPACES);
  return at !== -1 && path.lastIndexOf('?', at) === -1;
}
