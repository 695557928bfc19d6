/**
 * Loaded before a router process, its sources or its bundle, that is to take itself for a pod: its name is POD_NAME, and it finds
 * the files of POD_CA_FILE and POD_TOKEN_FILE at the paths of a service account, which on this machine may belong to a real one.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { SERVICE_ACCOUNT } from '../../../router/kubernetes/api.ts';

const { POD_NAME: name = '', POD_CA_FILE: caFile, POD_TOKEN_FILE: tokenFile } = process.env;
const { readFileSync } = fs;
const read = (path: fs.PathOrFileDescriptor, options: fs.ObjectEncodingOptions) => {
  if (path === SERVICE_ACCOUNT.caFile) return readFileSync(caFile ?? '', options);
  if (path === SERVICE_ACCOUNT.tokenFile) return readFileSync(tokenFile ?? '', options);
  return readFileSync(path, options);
};
fs.readFileSync = read as typeof readFileSync;
os.hostname = () => name;
syncBuiltinESMExports();
