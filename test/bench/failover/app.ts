/** One task of the failover rows: `node app.ts <port> <name>`, with a channel to the bench. Answers each request with its name. */
import { createServer } from 'node:http';

const [port, name] = process.argv.slice(2);
/** So that some requests are under way whenever it is lost. */
const ANSWER_MS = 5;

const server = createServer({ keepAliveTimeout: 600_000 }, (request, response) => {
  if (request.url === '/health') {
    process.send?.('checked');
    response.end();
    return;
  }
  request.resume().on('end', () => {
    setTimeout(() => {
      // An app that has closed its port lets go of each connection with its last answer.
      if (!server.listening) response.setHeader('Connection', 'close');
      response.end(name);
    }, ANSWER_MS);
  });
});
const listen = (): void => {
  server.listen(Number(port), '127.0.0.1', () => process.send?.('listening'));
};
process.on('message', (word) => {
  if (word !== 'close') {
    listen();
    return;
  }
  server.close();
  process.send?.('closed');
});
listen();
