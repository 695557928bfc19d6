import { z } from 'zod';

import { evenWithOtherProblems, httpUrlSuchAs, objectName, dataKey, secretText } from './values.ts';

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
      username: z
        .string({ error: 'expected a user name' })
        .min(1, 'expected a user name')
        .optional()
        .describe('User name at the proxy'),
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
  .superRefine((value, context) => {
    const add = (key: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [key], message });
    };
    const { existingSecret: existing, password, username } = value;
    if (existing !== undefined) {
      for (const key of ['username', 'password'] as const) {
        if (value[key] === undefined) continue;
        add(
          key,
          'given together with clearml.proxy.existingSecret, which holds it; remove one of them',
        );
      }
      return;
    }
    if ((username === undefined) === (password === undefined)) return;
    if (username === undefined) {
      add('username', 'missing; a user name and its password are given together');
    } else {
      add(
        'password',
        'missing; set it with: pulumi config set --secret --path clearml.proxy.password',
      );
    }
  }, evenWithOtherProblems);
