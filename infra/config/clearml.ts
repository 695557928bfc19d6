import { z } from 'zod';

import { outgoingProxy } from './outgoing_proxy.ts';
import { evenWithOtherProblems, flag, httpUrl, objectName, dataKey, secretText } from './values.ts';

/** A Secret that exists already and holds what the router needs to speak to ClearML. */
const existingSecret = z.strictObject(
  {
    name: objectName.describe("Name of the Secret, in the router's namespace"),
    apiServerKeyKey: dataKey.default('apiServerKey').describe('Its key that holds the access key'),
    apiServerSecretKey: dataKey
      .default('apiServerSecret')
      .describe('Its key that holds the secret key'),
    jwksKeyKey: dataKey.default('jwksKey').describe('Its key that holds the signing key'),
  },
  { error: 'expected the name and, where they differ, the keys of a Secret' },
);

const serverSecret = z.strictObject(
  {
    namespace: objectName.default('clearml').describe('Namespace of the ClearML server'),
    name: objectName.default('clearml-conf').describe('Name of its Secret'),
    key: dataKey.default('secure_auth_token_secret').describe('Its key that holds the signing key'),
  },
  { error: 'expected the Secret of a ClearML server in the same cluster' },
);

const existingCaConfigMap = z.strictObject(
  {
    name: objectName.describe("Name of the ConfigMap, in the router's namespace"),
    key: dataKey.default('ca.pem').describe('Its key that holds the certificates'),
  },
  { error: 'expected the name and the key of a ConfigMap' },
);

const existingCaSecret = z.strictObject(
  {
    name: objectName.describe("Name of the Secret, in the router's namespace"),
    key: dataKey.default('ca.crt').describe('Its key that holds the certificates'),
  },
  { error: 'expected the name and the key of a Secret with certificates' },
);

/** `clearml`: the server whose tasks are reached, and the router's account on it. */
export const clearml = z
  .strictObject(
    {
      apiServerUrlReference: httpUrl.describe("URL of ClearML's API server"),
      apiServerKey: secretText("the access key of the router's ClearML account")
        .optional()
        .describe("Access key of the router's ClearML account"),
      apiServerSecret: secretText("the secret key of the router's ClearML account")
        .optional()
        .describe('Secret key that belongs to it'),
      jwksKey: secretText("the key that signs ClearML's tokens")
        .optional()
        .describe(
          "Key that signs ClearML's tokens, as `k` of jwks.json or as the server's raw text; " +
            'two, separated by white space, while it is rotated',
        ),
      existingSecret: existingSecret
        .optional()
        .describe('Secret that holds the three values above, in their stead'),
      serverSecret: serverSecret
        .optional()
        .describe(
          'Secret of a ClearML server in the same cluster, to read the signing key from in place of jwksKey',
        ),
      authCookieName: z
        .string({ error: 'expected the name of a cookie' })
        .regex(/^[\w!#$%&'*+.^`|~-]+$/, 'expected the name of a cookie')
        .optional()
        .describe(
          "Cookie that carries a user's ClearML token; left out, the server's own login answer tells it",
        ),
      sslVerify: flag.default(true).describe("Verify the certificate of ClearML's servers"),
      caCertificates: z
        .string({ error: 'expected certificates in PEM form' })
        .includes('-----BEGIN CERTIFICATE-----', { error: 'expected certificates in PEM form' })
        .optional()
        .describe("Further CA certificates for ClearML's servers, PEM"),
      existingCaConfigMap: existingCaConfigMap
        .optional()
        .describe('ConfigMap that holds them, in their stead'),
      existingCaSecret: existingCaSecret
        .optional()
        .describe("Secret that holds them, in their stead, such as cert-manager's"),
      webServerUrl: httpUrl
        .optional()
        .describe("ClearML's web app, for sign-in; left out, the router shows a sign-in page"),
      proxy: outgoingProxy
        .optional()
        .describe("Proxy on the way out to ClearML's API server; tasks are never reached by it"),
    },
    { error: 'expected the settings of the ClearML server' },
  )
  .superRefine((value, context) => {
    const add = (key: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [key], message });
    };
    for (const key of ['apiServerKey', 'apiServerSecret', 'jwksKey'] as const) {
      const given = value[key] !== undefined;
      const elsewhere = [
        ...(value.existingSecret === undefined ? [] : ['clearml.existingSecret']),
        ...(key === 'jwksKey' && value.serverSecret !== undefined ? ['clearml.serverSecret'] : []),
      ];
      if (given && elsewhere.length > 0) {
        add(
          key,
          `given together with ${elsewhere.join(' and ')}, which holds it; remove one of them`,
        );
      }
      if (!given && elsewhere.length === 0) {
        add(key, `missing; set it with: pulumi config set --secret --path clearml.${key}`);
      }
    }
    if (value.existingSecret !== undefined && value.serverSecret !== undefined) {
      add('serverSecret', 'given together with clearml.existingSecret, which holds the key, too');
    }
    const places = (['caCertificates', 'existingCaConfigMap', 'existingCaSecret'] as const).filter(
      (key) => value[key] !== undefined,
    );
    const [first, ...others] = places.map((key) => `clearml.${key}`);
    if (first !== undefined && others.length > 0) {
      add(first.replace('clearml.', ''), `given together with ${others.join(' and ')}; keep one`);
    }
  }, evenWithOtherProblems);
