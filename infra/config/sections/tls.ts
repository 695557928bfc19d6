import { z } from 'zod';

import { rules } from '../values/problem.ts';
import { objectName, oneOf, secretText } from '../values/values.ts';

const issuer = z.strictObject(
  {
    name: objectName.describe('Name of the issuer'),
    kind: oneOf('ClusterIssuer', 'Issuer').default('ClusterIssuer').describe('Its kind'),
    group: z
      .string({ error: 'expected an API group' })
      .default('cert-manager.io')
      .describe('Its API group'),
  },
  { error: "expected cert-manager's issuer: its name and kind" },
);

/** `tls`: the certificate of the host, where it is not an existing Secret (`ingress.tlsSecretName`). */
export const tls = z
  .strictObject(
    {
      certificate: z
        .string({ error: 'expected a certificate in PEM form' })
        .includes('-----BEGIN CERTIFICATE-----', {
          error: 'expected a certificate in PEM form, chain included',
        })
        .optional()
        .describe('Certificate with its chain, PEM; a Secret is made of it and privateKey'),
      privateKey: secretText('the private key of tls.certificate, in PEM form')
        .optional()
        .describe('Private key of the certificate, PEM'),
      issuer: issuer.optional().describe('Issuer of cert-manager that signs a certificate'),
    },
    { error: 'expected the settings of TLS' },
  )
  .check(
    rules(({ certificate, privateKey }) => {
      if ((certificate === undefined) === (privateKey === undefined)) return [];
      const missing = certificate === undefined ? 'certificate' : 'privateKey';
      const message = 'missing; a certificate and its private key are given together';
      return [{ path: [missing], message }];
    }),
  )
  .prefault({});
