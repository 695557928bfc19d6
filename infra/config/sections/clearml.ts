import { z } from 'zod';

import { outgoingProxy } from './outgoing_proxy.ts';
import { type Rule, rules } from '../values/problem.ts';
import { toGive } from '../values/remedy.ts';
import { dataKey, flag, httpUrl, objectName, secretText, textLike } from '../values/values.ts';

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

const CREDENTIALS = ['apiServerKey', 'apiServerSecret', 'jwksKey'] as const;
const CA_PLACES = ['caCertificates', 'existingCaConfigMap', 'existingCaSecret'] as const;

type Credential = (typeof CREDENTIALS)[number];

type Places = Readonly<Partial<Record<Credential | 'existingSecret' | 'serverSecret', unknown>>>;

/** Each credential is given in one place. */
function credentialRule(key: Credential): Rule<Places> {
  const secrets = [
    'existingSecret',
    ...(key === 'jwksKey' ? ['serverSecret' as const] : []),
  ] as const;
  return (value) => {
    const isGiven = value[key] !== undefined;
    const elsewhere = secrets.filter((place) => value[place] !== undefined);
    if (isGiven !== elsewhere.length > 0) return [];
    const names = elsewhere.map((place) => `clearml.${place}`).join(' and ');
    if (isGiven) {
      const message = `given together with ${names}, which holds it; remove one of them`;
      return [{ path: [key], message }];
    }
    const command = ` with: pulumi config set --secret --path clearml.${key}`;
    return [{ path: [key], message: 'missing; set it', remedy: toGive(['clearml', key], command) }];
  };
}

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
      authCookieName: textLike(/^[\w!#$%&'*+.^`|~-]+$/, 'the name of a cookie')
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
  .check(
    rules(...CREDENTIALS.map(credentialRule)),
    rules(
      ({ existingSecret: existing, serverSecret: server }) => {
        if (existing === undefined || server === undefined) return [];
        const message = 'given together with clearml.existingSecret, which holds the key, too';
        return [{ path: ['serverSecret'], message }];
      },
      (value) => {
        const [first, ...others] = CA_PLACES.filter((key) => value[key] !== undefined);
        if (first === undefined || others.length === 0) return [];
        const names = others.map((key) => `clearml.${key}`).join(' and ');
        return [{ path: [first], message: `given together with ${names}; keep one` }];
      },
    ),
  );
