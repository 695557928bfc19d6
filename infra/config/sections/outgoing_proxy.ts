import { z } from 'zod';

import { type Problem, rules } from '../values/problem.ts';
import { toGive } from '../values/remedy.ts';
import { dataKey, filledText, httpUrlSuchAs, objectName, secretText } from '../values/values.ts';

const existingSecret = z.strictObject(
  {
    name: objectName.describe("Name of the Secret, in the router's namespace"),
    usernameKey: dataKey
      .default('username')
      .describe('Its key that holds the user name, percent-encoded as in a URL'),
    passwordKey: dataKey
      .default('password')
      .describe('Its key that holds the password, percent-encoded as in a URL'),
  },
  { error: 'expected the name and, where they differ, the keys of a Secret' },
);

/** The forms that Node.js knows: host, `.domain`, `*.domain`, address, `address-address`, each with a port or without. */
const exception = z
  .string({ error: 'expected a host, a .domain or an address' })
  .trim()
  .refine((text) => /^[\w.*:[\]-]+$/.test(text), {
    error:
      'expected a host, a .domain, an address or a range such as 10.0.0.1-10.0.0.254; networks in CIDR form are not understood',
  });

/** `clearml.proxy`: the way out to ClearML's API server, where there is none without a proxy. */
export const outgoingProxy = z
  .strictObject(
    {
      url: httpUrlSuchAs('http://proxy.example.com:3128').describe(
        'URL of the proxy, without user name and password',
      ),
      username: filledText('a user name').optional().describe('User name at the proxy'),
      password: secretText('the password for the proxy')
        .optional()
        .describe('Password that belongs to it'),
      existingSecret: existingSecret
        .optional()
        .describe('Secret that holds user name and password, in their stead'),
      noProxy: z
        .array(exception, { error: 'expected a list of hosts' })
        .default([])
        .describe('Hosts that are reached without the proxy'),
    },
    { error: 'expected the settings of the outgoing proxy' },
  )
  .check(
    rules(
      ({ existingSecret: existing, username }) =>
        existing === undefined || username === undefined ? [] : [givenTwice('username')],
      ({ existingSecret: existing, password }) =>
        existing === undefined || password === undefined ? [] : [givenTwice('password')],
      ({ existingSecret: existing, password, username }) => {
        const isPair = (username === undefined) === (password === undefined);
        if (existing !== undefined || isPair) return [];
        if (username === undefined) {
          const message = 'missing; a user name and its password are given together';
          return [{ path: ['username'], message }];
        }
        const path = ['clearml', 'proxy', 'password'];
        const remedy = toGive(
          path,
          ' with: pulumi config set --secret --path clearml.proxy.password',
        );
        return [{ path: ['password'], message: 'missing; set it', remedy }];
      },
    ),
  );

function givenTwice(key: string): Problem {
  const message =
    'given together with clearml.proxy.existingSecret, which holds it; remove one of them';
  return { path: [key], message };
}
