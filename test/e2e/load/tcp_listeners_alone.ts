/** The listeners of the TCP range and an echo behind them, in a process whose limits the test chooses. Says its port. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Activity } from '../../../router/activity/activity.ts';
import { createTcpListeners } from '../../../router/tcp/listeners.ts';
import { createLog } from '../../../router/telemetry/log.ts';
import { createMetrics, createRegistry } from '../../../router/telemetry/metrics.ts';
import { AMPLE, tcpEndpoint, testRoutes } from '../../support/tcp_routes.ts';

const echo = createServer((socket) => socket.on('error', () => undefined).pipe(socket));
// The echo loses connections, too, when there are no descriptors.
echo.on('error', () => undefined);
echo.listen(0, '127.0.0.1');
await once(echo, 'listening');
const free = createServer().listen(0, '127.0.0.1');
await once(free, 'listening');
const { port } = free.address() as AddressInfo;
free.close();
await once(free, 'close');

const upstream = (echo.address() as AddressInfo).port;
const routes = testRoutes(tcpEndpoint({ port: upstream, external: port }));
const listeners = createTcpListeners({
  routes,
  bindAddress: '127.0.0.1',
  log: createLog('error', { write: (line) => process.stderr.write(line) }),
  metrics: createMetrics(createRegistry()),
  activity: new Activity(routes),
  limits: AMPLE,
});
await listeners.claim(port);
process.stdout.write(`${port}\n`);
