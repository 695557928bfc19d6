/*
 * The lab's stand-in for the DNS of a cluster, which runs in a pod: it tells addresses of Services, reads them off the API server for
 * each question, answers by UDP alone, and knows no other name: a look-up of one fails at once.
 */
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';

import { readQuestion, writeAnswer, type Answer } from './message.ts';
import { addressesOf, CLUSTER_DOMAIN, type ReadObject } from './names.ts';

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';
/** Questions that are looked up at one time; the others are not answered, and come again. */
const MOST_AT_ONCE = 64;
const DEADLINE_MS = 2_000;

const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: apiPort, PORT } = process.env;

const read: ReadObject = async (path) => {
  const token = await readFile(`${ACCOUNT}/token`, 'utf8');
  const answer = await fetch(`https://${host}:${apiPort}${path}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(DEADLINE_MS),
  });
  const body: unknown = await answer.json();
  if (answer.status === 404) return undefined;
  if (!answer.ok) throw new Error(`${path} answers with ${answer.status}`);
  return body;
};

const socket = createSocket('udp4');
let underWay = 0;
socket.on('message', (message, { address, port }) => {
  const question = readQuestion(message);
  if (question === undefined || underWay >= MOST_AT_ONCE) return;
  underWay += 1;
  void addressesOf(question.name, read)
    .catch((error: unknown): Answer => {
      console.error(`${question.name}: ${String(error)}`);
      return 'failed';
    })
    .then((answer) => {
      underWay -= 1;
      socket.send(writeAnswer(question, answer), port, address);
    });
});
socket.bind(Number(PORT), () => {
  console.log(`stand-in for the DNS of a cluster: Services of ${CLUSTER_DOMAIN} on UDP ${PORT}`);
});
