import { z } from 'zod';

import { flag, textMap } from '../values/values.ts';

/** `openshiftRoute`: a Route in place of an Ingress. */
export const openshiftRoute = z
  .strictObject(
    {
      enabled: flag.default(false).describe('Create a Route'),
      annotations: textMap.default({}).describe('Annotations of the Route'),
    },
    { error: 'expected the settings of the Route' },
  )
  .prefault({});
