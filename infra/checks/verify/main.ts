import { runChecks } from '../command.ts';
import { routerChecks } from './router_checks.ts';

const HELP = `npm run verify -- --stack NAME

Looks, after pulumi up, whether users get what they should: the stack's state, pods, certificate, sign-in, refusals, and with a running task a
route, a WebSocket and a TCP port end to end. Changes nothing.`;

await runChecks(HELP, routerChecks);
