import { output, type ResourceTransform, runtime } from '@pulumi/pulumi';

/** An object as the engine would have got it, with the values of other resources. */
export interface Made {
  readonly type: string;
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** Runs what makes resources, under Pulumi's mocks, whose engine is to run the transforms itself. */
export async function madeBy(program: () => unknown): Promise<readonly Made[]> {
  const made: Made[] = [];
  const transforms: ResourceTransform[] = [];
  await runtime.setMocks(
    {
      newResource: async ({ inputs, name, transforms: own = [], type }) => {
        transforms.push(...own);
        let props = inputs as Record<string, unknown>;
        for (const transform of transforms) {
          props = (await transform({ custom: true, name, opts: {}, props, type }))?.props ?? props;
        }
        const known = (await settled(props)) as Record<string, unknown>;
        if (type.startsWith('kubernetes:')) made.push({ type, name, inputs: known });
        const metadata = { name: `${name}-generated`, ...(known['metadata'] as object) };
        return { id: `${name}-id`, state: { ...known, metadata } };
      },
      call: () => ({}),
    },
    'somebody-elses',
    'dev',
    false,
  );
  await program();
  await runtime.disconnect();
  return made;
}

/** A value with all that is deep in it. */
export function settled(value: unknown): Promise<unknown> {
  return new Promise((resolve) => {
    output({ value }).apply((all: { value: unknown }) => resolve(all.value));
  });
}
