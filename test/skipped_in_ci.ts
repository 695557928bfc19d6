/** Tests that are skipped in CI, by their names, and why. Any other skipped test fails there: nobody notices one. */
export const SKIPPED_IN_CI: Readonly<Record<string, string>> = {
  'the official CLI runs the project, and shows every problem of its config':
    'the official Pulumi CLI with its language host is in no package registry; the lab builds the CLI alone',
  'A56: everything full at once, and nothing read, fits the memory of a pod; others are served':
    'wants a cgroup with a limit of memory, and a container may have none that it can write to',
  'tells an old Node so in one line':
    'wants a Node before 24 on the machine, and a fresh one may have none',
};
