/**
 * Loaded before a router process that is to take itself for a pod: its name is POD_NAME, and its service account lies where
 * POD_CA_FILE and POD_TOKEN_FILE say, since the place of real ones belongs to the machine.
 */
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { SERVICE_ACCOUNT } from '../../../router/kubernetes/api.ts';

const { POD_NAME: name = '', POD_CA_FILE: caFile, POD_TOKEN_FILE: tokenFile } = process.env;
os.hostname = () => name;
syncBuiltinESMExports();
Object.assign(SERVICE_ACCOUNT, { caFile, tokenFile });
