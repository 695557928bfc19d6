import { runChecks } from '../checks/command.ts';
import { routerChecks } from './router_checks.ts';

const HELP = `npm run verify -- --stack NAME

Looks, after pulumi up, whether users get what they should: pods, sign-in, refusals, WebSocket, certificate, routes, TCP.
Changes nothing.`;

await runChecks(HELP, routerChecks);
