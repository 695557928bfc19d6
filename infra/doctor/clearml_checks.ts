import type { Check, Finding } from '../checks/check.ts';
import { type ClearmlServer, clearmlServer, isSignedBy } from '../checks/clearml.ts';
import { textOf } from '../checks/known_secret.ts';
import type { StackConfig } from '../config/schema.ts';

/** The server that config names, with the account that is in config; undefined where an existing Secret holds that. */
export async function serverOf(config: StackConfig): Promise<ClearmlServer | undefined> {
  const { apiServerKey, apiServerSecret, apiServerUrlReference: api } = config.clearml;
  const accessKey = await textOf(apiServerKey);
  const secretKey = await textOf(apiServerSecret);
  if (accessKey === undefined || secretKey === undefined) return undefined;
  const { caCertificates: ca, sslVerify: verify } = config.clearml;
  return clearmlServer({ api, accessKey, secretKey }, { verify, ca });
}

/** Whether the credentials and the key are those of the server. Values in existing Secrets are not looked at. */
export async function clearmlChecks(config: StackConfig): Promise<readonly Check[]> {
  const server = await serverOf(config);
  if (server === undefined) return [];
  const key = await textOf(config.clearml.jwksKey);
  const login = once(server.logIn);
  return [
    {
      title: 'ClearML account',
      find: async (): Promise<Finding> => {
        await login();
        const says = `${config.clearml.apiServerUrlReference} accepts the credentials`;
        return { outcome: 'good', says };
      },
    },
    {
      title: 'ClearML tasks',
      find: async (): Promise<Finding> => {
        await server.listTasks(await login());
        return { outcome: 'good', says: 'the account may list tasks' };
      },
    },
    ...(key === undefined ? [] : [{ title: 'signing key', find: () => signedBy(login, key) }]),
  ];
}

async function signedBy(login: () => Promise<string>, key: string): Promise<Finding> {
  if (await isSignedBy(await login(), key)) {
    return { outcome: 'good', says: "it verifies the server's own token" };
  }
  return {
    outcome: 'bad',
    says: "clearml.jwksKey does not verify the server's own token, neither as base64url nor as raw text",
    fix:
      'Read it anew: kubectl -n clearml get secret clearml-conf -o ' +
      "jsonpath='{.data.secure_auth_token_secret}' | base64 -d",
  };
}

function once(work: () => Promise<string>): () => Promise<string> {
  let result: Promise<string> | undefined;
  return () => (result ??= work());
}
