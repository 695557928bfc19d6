/** Entry point: the engine starts it with its own address, and reads the port to connect to from the first line. */
import { createRequire } from 'node:module';

import { Server, ServerCredentials } from '@grpc/grpc-js';
import providerServices from '@pulumi/pulumi/proto/provider_grpc_pb.js';
import { z } from 'zod';

import { engineLog } from './engine_log.ts';
import { providerService } from './service.ts';

const WHOLE_MESSAGE = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

const address = process.argv.slice(2).find((argument) => !argument.startsWith('-'));
if (address === undefined) {
  process.stderr.write(
    'pulumi-resource-kubernetes is started by the Pulumi engine, with its address\n',
  );
  process.exit(2);
}

const { version } = z
  .object({ version: z.string() })
  .parse(createRequire(import.meta.url)('@pulumi/kubernetes/package.json'));

// Ctrl-C reaches the whole process group; the engine says by `Cancel` when to stop, and ends its plugins itself.
process.on('SIGINT', () => undefined);

const server = new Server(WHOLE_MESSAGE);
server.addService(
  providerServices.ResourceProviderService,
  providerService(version, engineLog(address)),
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
