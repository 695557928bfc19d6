import { z } from 'zod';

import { CONTROLLER_LIMITS } from '../../platform/controller_limits.ts';
import { INGRESS_CONTROLLERS } from '../../platform/ingress_controllers.ts';
import { externalUrl } from '../values/external_url.ts';
import { rules } from '../values/problem.ts';
import { flag, hostName, objectName, oneOf, textMap } from '../values/values.ts';

const limits = Object.entries(CONTROLLER_LIMITS).map(([name, { ends }]) => `${name}: ${ends}`);

/** `ingress`: the host that users open, and the Ingress that leads there. */
export const ingress = z
  .strictObject(
    {
      enabled: flag
        .optional()
        .describe('Create an Ingress; left out, one is created unless another exposure is on'),
      hostName: externalUrl.describe(
        'Host that users open, whatever exposes it, with or without https://; written with it and without a ' +
          'certificate here, TLS ends before the cluster',
      ),
      wildcardHost: hostName
        .optional()
        .describe(
          'Domain below which each endpoint gets a host, and so an origin, of its own; needs a wildcard DNS entry',
        ),
      pathForm: flag
        .default(true)
        .describe(
          'Endpoints are also below hostName, at /service/<id>/, where they share one origin; false needs wildcardHost',
        ),
      pagesHostName: hostName
        .optional()
        .describe(
          "Host of the router's own pages and API alone, on which no page of a task lives: tokens are made there in one click; " +
            'left out, they are on hostName; needs a DNS entry',
        ),
      className: objectName
        .optional()
        .describe("Ingress class; left out, the cluster's default class"),
      controller: oneOf(...INGRESS_CONTROLLERS)
        .optional()
        .describe(
          'Which controller serves the class: sets its time-outs for WebSockets and streams; left out, told by the IngressClass, or else by ' +
            `its name. What no annotation changes: ${limits.join('; ')}`,
        ),
      annotations: textMap
        .default({})
        .describe('Annotations of the Ingress; they override those that the controller brings'),
      tlsSecretName: objectName
        .optional()
        .describe("Secret of type kubernetes.io/tls, in the router's namespace, for the host"),
      waitForAddress: flag
        .default(false)
        .describe('Wait until the controller has published an address'),
    },
    { error: 'expected the settings of the Ingress' },
  )
  .check(
    rules(({ hostName: host, tlsSecretName }) => {
      if (tlsSecretName === undefined || host.scheme !== 'http') return [];
      const message =
        'starts with http://, but ingress.tlsSecretName is set; write it without a scheme';
      return [{ path: ['hostName'], message }];
    }),
  );
