import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

import { searchPath } from '../search_path.ts';

/** A browser that was started in the foreground goes on; one that cannot be started says so before. */
const ANSWER_MS = 3_000;

/** What opens a URL in the browser of a desktop: program and arguments. macOS and Windows were not tried. */
export function browserCommand(
  platform: NodeJS.Platform,
  url: string,
): readonly [string, ...string[]] {
  if (platform === 'darwin') return ['open', url];
  if (platform === 'win32') return ['cmd', '/c', 'start', '', url];
  return ['xdg-open', url];
}

/** Opens a URL in the browser of this machine, and says whether that went well. */
export async function openInBrowser(
  url: string,
  platform: NodeJS.Platform = process.platform,
): Promise<string> {
  const [program, ...args] = browserCommand(platform, url);
  const child = spawn(program, args, {
    env: { ...process.env, PATH: searchPath() },
    stdio: 'ignore',
    // Ctrl-C in the terminal of this run ends no browser.
    detached: true,
  });
  child.unref();
  const failure = await Promise.race([
    new Promise<string | undefined>((resolve) => {
      child.once('error', (error) => resolve(`it cannot be run: ${error.message}`));
      child.once('exit', (code) =>
        resolve(code === 0 ? undefined : `it ended with status ${code}`),
      );
    }),
    delay(ANSWER_MS, undefined, { ref: false }),
  ]);
  return failure === undefined
    ? `Opened ${url} with ${program}.`
    : `The browser was not opened by ${program}, since ${failure}. Open the URL above by hand.`;
}
