/** A number of things, in words that fit it: `1 secret`, `2 secrets`. */
export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`;
}
