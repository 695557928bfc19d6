import { bundleRouter } from '../bundle/bundle.ts';
import { askCluster } from '../cluster/facts.ts';
import { commandOptions } from '../command_options.ts';
import { InfraError } from '../errors.ts';
import { PROJECT, ROOT } from '../project.ts';
import { plainNameOf } from '../stack_name.ts';
import { writeFolder } from './folder.ts';
import { recordProgram } from './record_program.ts';
import { stackValues } from './stack_values.ts';

const HELP = `npm run render -- --stack NAME --out DIR

Writes the objects that pulumi up would make from Pulumi.NAME.yaml into DIR, a file each, with a kustomization. It needs neither the
Pulumi CLI nor the passphrase: Secrets are named, never written.`;

const { values: options } = commandOptions(
  {
    options: {
      stack: { type: 'string', short: 's' },
      out: { type: 'string', short: 'o' },
      help: { type: 'boolean', short: 'h' },
    },
  },
  HELP,
);

async function render(stackName: string, folder: string): Promise<void> {
  const stack = plainNameOf(stackName);
  const values = stackValues({ root: ROOT, project: PROJECT, stack });
  const objects = await recordProgram(stack, values, {
    bundle: bundleRouter,
    askCluster,
  });
  writeFolder(folder, stack, objects);
  process.stdout.write(
    `${folder}: ${objects.length} objects. Next: kubectl apply --server-side -k ${folder}
`,
  );
}

if (options.help === true) {
  process.stdout.write(`${HELP}\n`);
} else if (options.stack === undefined || options.out === undefined) {
  process.stderr.write(`${HELP}\n`);
  process.exitCode = 1;
} else {
  try {
    await render(options.stack, options.out);
  } catch (error) {
    if (!(error instanceof InfraError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
