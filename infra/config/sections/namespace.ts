import { z } from 'zod';

import { dnsLabel, flag, textMap } from '../values/values.ts';

/** `namespace`: where everything is put. */
export const namespace = z
  .strictObject(
    {
      name: dnsLabel.default('task-traffic-router').describe('Name of the namespace'),
      create: flag
        .default(true)
        .describe("False to use one that exists, such as that of ClearML's agent"),
      labels: textMap.default({}).describe('Labels of a namespace that is created'),
      annotations: textMap.default({}).describe('Its annotations'),
    },
    { error: 'expected the settings of the namespace' },
  )
  .prefault({});
