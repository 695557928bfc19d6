/** Organisation of every stack in a backend that knows none, such as a bucket or a folder; the CLI takes names without it there. */
export const NO_ORGANISATION = 'organization';

/** Name of a stack as the CLI takes it from everybody: with organisation and project, where its backend has organisations. */
export function fullNameOf(organisation: string, project: string, stack: string): string {
  return organisation === NO_ORGANISATION ? stack : `${organisation}/${project}/${stack}`;
}

/** Name of a stack without its organisation and project, which the CLI takes before it: that of its file. */
export function plainNameOf(stack: string): string {
  return stack.split('/').at(-1) ?? stack;
}
