import { z } from 'zod';

import { externalUrl } from './external_url.ts';
import { flag, objectName, textMap, evenWithOtherProblems } from './values.ts';

/** `ingress`: how browsers and programs reach the router over HTTP. */
export const ingress = z
  .strictObject(
    {
      enabled: flag
        .default(true)
        .describe('Create an Ingress; without one, whatever leads to the Service is yours'),
      hostName: externalUrl.describe(
        'Host that users open, with or without https://; with it and no tlsSecretName, TLS ends before the cluster',
      ),
      className: objectName
        .optional()
        .describe("Ingress class; left out, the cluster's default class"),
      annotations: textMap.default({}).describe('Annotations for the ingress controller'),
      tlsSecretName: objectName
        .optional()
        .describe("Secret of type kubernetes.io/tls, in the router's namespace, for the host"),
      waitForAddress: flag
        .default(false)
        .describe('Wait until the controller has published an address'),
    },
    { error: 'expected the settings of the Ingress' },
  )
  .superRefine((value, context) => {
    if (value.tlsSecretName !== undefined && value.hostName?.scheme === 'http') {
      context.addIssue({
        code: 'custom',
        path: ['hostName'],
        message: 'starts with http://, but ingress.tlsSecretName is set; write it without a scheme',
      });
    }
  }, evenWithOtherProblems);
