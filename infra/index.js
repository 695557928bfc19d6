// Plain JavaScript, so that a Node that is too old for the program's TypeScript gets as far as the one line that says so.
import '../router/node_version.cjs';

/** The Pulumi CLI calls the default export and keeps what it returns as the stack's outputs. */
export default async function main() {
  const { program } = await import('./program.ts');
  return program();
}
