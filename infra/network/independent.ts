import { type Output, output } from '@pulumi/pulumi';

/** Part of an output that Pulumi's type declarations leave out: `unknowns` has it end with the mark of a value not known yet. */
interface Promised<T> {
  readonly promise: (unknowns: true) => Promise<T>;
}

/**
 * The same value, without the resource that it comes from. What is made with it waits for it still, and is changed when it changes;
 * but it is not deleted when that resource has to be deleted before it can be made anew
 * (`calculateDependentReplacements` of Pulumi's engine).
 */
export function independent<T>(value: Output<T>): Output<T> {
  return output((value as unknown as Promised<T>).promise(true)) as Output<T>;
}
