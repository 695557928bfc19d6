import { z } from 'zod';

import { rules } from '../../values/problem.ts';
import { kubernetesObject, objectName, textLike } from '../../values/values.ts';

const SOURCES: readonly string[] = [
  'secretKeyRef',
  'configMapKeyRef',
  'fieldRef',
  'resourceFieldRef',
];

/** A value of the environment: a text, or where it lies. */
export const environmentValue = z.union(
  [
    z.string(),
    z.strictObject({
      valueFrom: kubernetesObject.refine(
        (from) => Object.keys(from).some((key) => SOURCES.includes(key)),
        { error: 'expected secretKeyRef, configMapKeyRef, fieldRef or resourceFieldRef' },
      ),
    }),
  ],
  { error: 'expected a text (use quotes), or valueFrom' },
);

const reference = z.looseObject(
  { name: objectName.describe('Its name') },
  { error: 'expected the name of an object' },
);

/** A Secret or ConfigMap whose keys become variables. */
export const environmentSource = z
  .strictObject(
    {
      secretRef: reference.optional().describe('Secret, by name'),
      configMapRef: reference.optional().describe('ConfigMap, by name'),
      prefix: textLike(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the beginning of a variable')
        .optional()
        .describe('What each variable begins with'),
    },
    { error: 'expected secretRef or configMapRef' },
  )
  .check(
    rules(({ configMapRef, secretRef }) => {
      if ((configMapRef === undefined) !== (secretRef === undefined)) return [];
      return [{ path: [], message: 'names no object, or two; give secretRef or configMapRef' }];
    }),
  );
