/**
 * undici's index loads fetch, WebSocket, cookies and caches, which the router has no use for and which would double its bundle.
 * The pool alone comes from the package's own file.
 */
declare module 'undici/lib/dispatcher/pool.js' {
  export { Pool as default } from 'undici';
}
