/*
 * Run as a process of its own, so that it can be ended: node pulumi_download.ts FOLDER. Installs the Pulumi CLI that belongs
 * to the SDK, with its language hosts, by the SDK's own installer.
 */
import { PulumiCommand } from '@pulumi/pulumi/automation/index.js';

const [, , root] = process.argv;
if (root === undefined) throw new Error('usage: node pulumi_download.ts FOLDER');
try {
  await PulumiCommand.install({ root });
} catch (error) {
  console.error(String(error));
  process.exitCode = 1;
}
