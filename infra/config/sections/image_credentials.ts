import { z } from 'zod';

import { objectName, secretText } from '../values/values.ts';

/** `imageCredentials`: how the nodes pull the router's image. Docker Hub's public images need none. */
export const imageCredentials = z
  .strictObject(
    {
      registry: z
        .string({ error: 'expected the host of a registry' })
        .trim()
        .min(1, 'expected the host of a registry')
        .default('docker.io')
        .describe('Host of the registry'),
      username: z
        .string({ error: 'expected a user name' })
        .trim()
        .min(1, 'expected a user name')
        .default('allegroaienterprise')
        .describe("User name at the registry; the default is the one of ClearML's own charts"),
      password: secretText('the password or token for the registry')
        .optional()
        .describe('Password or token; a pull secret is made of it'),
      existingImagePullSecrets: z
        .array(objectName, { error: 'expected a list of names of Secrets' })
        .default([])
        .describe("Pull secrets that exist already in the router's namespace"),
    },
    { error: 'expected credentials of an image registry' },
  )
  .prefault({});
