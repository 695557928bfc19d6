import { parseArgs, type ParseArgsConfig } from 'node:util';

import { messageOf } from './errors.ts';

/** Exit status of a command that was given what it does not know. */
const MISUSED = 2;

/** What a command was given. One that it does not know ends it with a line and its help, without a stack trace. */
export function commandOptions<const Config extends ParseArgsConfig>(config: Config, help: string) {
  try {
    return parseArgs(config);
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n\n${help}\n`);
    process.exit(MISUSED);
  }
}
