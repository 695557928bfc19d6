import { escapeActive } from '../../../router/telemetry/hostile_text.ts';
import { commandOptions } from '../../command_options.ts';
import { InfraError } from '../../errors.ts';
import { configOfStack, NOT_CHECKED } from '../command.ts';
import { lookAtIdle } from './ask.ts';
import { jsonOf, reportOf } from './report.ts';

/** Exit status where something is not known that decides on what is stopped. */
const NOT_ALL_KNOWN = 1;

const HELP = `npm run idle -- --stack NAME [--json]

Tells when each task that is routed was used last, how long it has been idle, and whether and when router.idle of the stack would stop it, in
force or not. Changes nothing.

Exit status: 0 when all is known, ${NOT_ALL_KNOWN} when it is not, such as what a silent replica saw, ${NOT_CHECKED} when it could not be looked at.`;

const { values: options } = commandOptions(
  {
    options: {
      stack: { type: 'string', short: 's' },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  },
  HELP,
);

async function tell(stack: string): Promise<void> {
  const look = await lookAtIdle(configOfStack(stack));
  const text =
    options.json === true
      ? escapeActive(JSON.stringify(jsonOf(look), null, 2))
      : reportOf(look).join('\n');
  process.stdout.write(`${text}\n`);
  if (look.unknown.length > 0) process.exitCode = NOT_ALL_KNOWN;
}

if (options.help === true || options.stack === undefined) {
  process.stdout.write(`${HELP}\n`);
  process.exitCode = options.help === true ? 0 : NOT_CHECKED;
} else {
  try {
    await tell(options.stack);
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = NOT_CHECKED;
  }
}
