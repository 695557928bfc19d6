import { z } from 'zod';

import { rules } from '../../values/problem.ts';
import { textLike } from '../../values/values.ts';

const metadata = z.looseObject(
  {
    // What the API server asks of names of all kinds: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
    name: textLike(/^(?!\.{1,2}$)[^/%]+$/, 'the name of the object').describe('Its name'),
    namespace: z
      .string({ error: 'expected a namespace' })
      .optional()
      .describe(
        'Its namespace; left out, that of the router; "" for kinds without one, where neither a name that begins with Cluster nor ' +
          'one of the well-known kinds says so',
      ),
  },
  { error: 'expected metadata with a name' },
);

const extraObject = z
  .looseObject(
    {
      apiVersion: textLike(/^([a-z0-9.-]+\/)?[a-z0-9]+$/, 'an apiVersion such as v1').describe(
        'API group and version',
      ),
      kind: textLike(/^[A-Za-z][A-Za-z0-9]*$/, 'a kind such as ConfigMap').describe(
        'Kind; a Secret has no place here, since its values would stand in plain text',
      ),
      metadata: metadata.describe(
        'What it is called and where it lies, labels and annotations included',
      ),
    },
    { error: 'expected a manifest' },
  )
  .check(
    rules(({ apiVersion, kind }) => {
      if (kind.endsWith('List')) {
        const message = 'a list is no object; write each of its items here';
        return [{ path: ['kind'], message }];
      }
      if (apiVersion !== 'v1' || kind !== 'Secret') return [];
      const message =
        'a Secret would stand in plain text here; make it by other means (a SealedSecret or an ExternalSecret is no such text), and name it where it is needed';
      return [{ path: ['kind'], message }];
    }),
  );

/** `extraObjects`: manifests that come and go with the router. */
export const extraObjects = z
  .array(extraObject, { error: 'expected a list of manifests' })
  .default([]);
