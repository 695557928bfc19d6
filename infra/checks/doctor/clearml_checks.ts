import { featureSetOf, keepsUsersApart } from '../../../router/auth/access/default_level.ts';
import { bad, good, unsure, type Check, type Finding } from '../check.ts';
import { type ClearmlServer, clearmlServer, isSignedBy } from '../clearml_server.ts';
import { counted } from '../../counted.ts';
import { messageOf } from '../../errors.ts';
import { judgeLevel, judgePorts } from '../level_in_force.ts';
import { once } from '../once.ts';
import { type ClearmlValues, clearmlValues } from '../stored_values.ts';
import type { ClusterReader } from '../../cluster/reader.ts';
import type { StackConfig } from '../../config/stack_config.ts';

/**
 * The server that config names, and the router's login there.
 *
 * @throws Error when the credentials lie in the cluster and cannot be read.
 */
export async function serverOf(config: StackConfig, reader: ClusterReader): Promise<ServerInUse> {
  const values = await clearmlValues(config, reader);
  const { accessKey, ca, secretKey } = values;
  const { apiServerUrlReference: api, sslVerify: verify } = config.clearml;
  const server = clearmlServer({ api, accessKey, secretKey }, { verify, ca });
  return { ...values, server, logIn: once(server.logIn) };
}

/** A ClearML server with the values that the router uses on it. */
export interface ServerInUse extends ClearmlValues {
  readonly server: ClearmlServer;
  /** Logs in at the first call. */
  readonly logIn: () => Promise<string>;
}

/** Whether the credentials and the key are those of the server, and the account can do what the router does. */
export function clearmlChecks(config: StackConfig, reader: ClusterReader): readonly Check[] {
  const { apiServerUrlReference: api } = config.clearml;
  const inUse = once(() => serverOf(config, reader));
  const token = async (): Promise<string> => (await inUse()).logIn();
  return [
    {
      title: 'ClearML account',
      find: async () => {
        await token();
        return good(`${api} accepts the credentials`);
      },
    },
    {
      title: 'tasks of others',
      find: async () => worksForOthers((await inUse()).server, await token()),
    },
    {
      title: 'who may open endpoints',
      find: async () => judgeLevel(config, await token()),
    },
    ...(config.tcpSession === undefined
      ? []
      : [{ title: 'TCP ports', find: async () => judgePorts(config, await token()) }]),
    {
      title: 'passwords',
      find: async () => judgePasswords((await inUse()).server, await token()),
    },
    {
      title: 'signing key',
      find: async () => judgeKey(config, await token(), (await inUse()).signingKey),
    },
  ];
}

const ACCOUNT =
  "Use the credentials of an administrator or of a service account: the router serves everybody's tasks.";

/** The router reads all tasks and writes answers into them, so its account has to see and edit those of other users. */
async function worksForOthers(server: ClearmlServer, token: string): Promise<Finding> {
  const { ofOthers, seen } = await server.tasks(token);
  const [task] = ofOthers;
  if (task === undefined) {
    return unsure(
      `none of the last ${counted(seen, 'task')} that the account sees is another user's`,
      `Good on a server that nobody else uses yet. ${ACCOUNT}`,
    );
  }
  try {
    await server.editNothing(token, task);
  } catch (error) {
    const says = `sees other users' tasks, but may not edit task ${task}: ${messageOf(error)}`;
    return bad(says, ACCOUNT);
  }
  return good("the account sees and may edit other users' tasks");
}

/**
 * Whoever types a name into the web app of an open-source server without fixed users is that user, there and so at the router:
 * https://clear.ml/docs/latest/docs/deploying_clearml/clearml_server_config
 */
async function judgePasswords(server: ClearmlServer, token: string): Promise<Finding> {
  const featureSet = featureSetOf(token);
  if (keepsUsersApart(featureSet)) return good(`not asked of feature set ${featureSet}`);
  if (await server.asksForPasswords(token)) return good('the server has users with passwords');
  return unsure(
    'the server asks for a name alone: whoever reaches it is whom they say they are, and no level of access holds',
    'Give it users with passwords: auth.fixed_users in its apiserver.conf.',
  );
}

async function judgeKey(config: StackConfig, token: string, key: string): Promise<Finding> {
  if (await isSignedBy(token, key)) {
    return good("it verifies the server's own token");
  }
  const { existingSecret, serverSecret } = config.clearml;
  const place =
    existingSecret === undefined
      ? ((serverSecret && `key ${serverSecret.key} of Secret ${serverSecret.name}`) ??
        'clearml.jwksKey')
      : `key ${existingSecret.jwksKeyKey} of Secret ${existingSecret.name}`;
  return bad(
    `${place} does not verify the server's own token, neither as base64url nor as raw text`,
    'Read it anew: kubectl -n clearml get secret clearml-conf -o ' +
      "jsonpath='{.data.secure_auth_token_secret}' | base64 -d",
  );
}
