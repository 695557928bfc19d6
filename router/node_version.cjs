'use strict';
/*
 * Stops on a Node that is too old, in one line, before a syntax error can. Plain CommonJS in the oldest syntax, because it
 * must be readable where nothing else of this project is: it is preloaded by every npm script, is the first import of the
 * Pulumi program, and is the banner of the router's bundle.
 *
 * 24.14.1 is the first release with the fix of CVE-2026-21710 (`__proto__` as a header name).
 */
var required = [24, 14, 1];
var actual = process.versions.node.split('.').map(Number);
var difference = actual[0] - required[0] || actual[1] - required[1] || actual[2] - required[2];
if (difference < 0) {
  process.stderr.write(
    'task-traffic-router needs Node ' +
      required.join('.') +
      ' or newer, and this is Node ' +
      process.versions.node +
      '. Use the npm scripts (the "node" dev dependency brings Node 24; where install scripts are off, run: ' +
      'npm rebuild node), or install Node 24.\n',
  );
  process.exit(2);
}
