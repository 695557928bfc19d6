/** How a problem is mended, at the end of its message, for the one who reads it. */
export interface Remedy {
  /** For who has a stack: a command. */
  readonly command: string;
  /** For who has a program with the component: an argument of it. */
  readonly argument: string;
}

/** A value that is to be given. */
export function toGive(path: readonly string[], command: string, such = ''): Remedy {
  return { command, argument: ` in TaskRouter's arguments, as ${path.join('.')}${such}` };
}
