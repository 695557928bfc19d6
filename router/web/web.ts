import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Denied } from '../auth/decision.ts';
import type { Identity } from '../auth/identity.ts';
import type { Viewer } from '../auth/viewer.ts';
import { preferredForm } from '../proxy/accept.ts';
import { sendAnswer } from '../proxy/answer.ts';
import { denialAnswer } from '../proxy/denial_answers.ts';
import type { Routes } from '../routes/routes.ts';
import type { Settings } from '../settings/settings.ts';
import { listRoutes, seesByRole, type Places } from './list_routes.ts';
import type { Listing } from './listing.ts';
import { openApiDocument } from './openapi.ts';
import { sendOwn, type OwnAnswer } from './own_answer.ts';
import type { OwnPages } from './own_pages.ts';
import { PAGE_POLICY } from './page_assets.ts';
import { routesPage } from './routes_page.ts';

/** What the pages are made of. */
export interface WebDeps {
  readonly settings: Pick<
    Settings,
    'ROUTER_NAME' | 'ROUTER_URL' | 'ROUTER_WILDCARD_HOST' | 'TCP_ROUTER_ADDRESS' | 'CLEARML_WEB_URL'
  >;
  readonly routes: Pick<Routes, 'current' | 'state'>;
  readonly viewer: Viewer;
}

/** `/` and `/api/v1/routes`: a signed-in user's endpoints, for people and for programs, and the description of the latter. */
export function createWeb(deps: WebDeps): OwnPages {
  const { settings, routes, viewer } = deps;
  const places: Places = {
    router: settings.ROUTER_URL,
    wildcardHost: settings.ROUTER_WILDCARD_HOST,
    tcpAddress: settings.TCP_ROUTER_ADDRESS,
    clearmlWebUrl: settings.CLEARML_WEB_URL,
  };

  const listing = async (identity: Identity | undefined): Promise<Listing | Denied> => {
    // One table for the whole answer: what is asked about is what is shown.
    const table = routes.current();
    const byRole = new Set<string>();
    const asked: string[] = [];
    for (const endpoint of table.endpoints.values()) {
      if (seesByRole(identity, endpoint)) byRole.add(endpoint.id);
      else asked.push(endpoint.id);
    }
    const visible = await viewer.visible({ outcome: 'known', identity }, asked);
    if ('outcome' in visible) return visible;
    return listRoutes(table, routes.state(), new Set([...byRole, ...visible]), identity, places);
  };

  const answers: Readonly<Record<string, (listing: Listing) => OwnAnswer>> = {
    '/': (listed) => ({
      status: 200,
      headers: { 'Content-Security-Policy': PAGE_POLICY, Vary: 'Cookie, Authorization' },
      body: { page: routesPage(listed, settings.ROUTER_NAME) },
    }),
    '/api/v1/routes': (listed) => ({
      status: 200,
      headers: { Vary: 'Cookie, Authorization' },
      body: { json: listed },
    }),
    '/api/v1/openapi.json': () => ({
      status: 200,
      body: { json: openApiDocument(settings.ROUTER_URL.origin) },
    }),
  };

  return async ({ message, path }, response) => {
    const answer = Object.hasOwn(answers, path) ? answers[path] : undefined;
    if (answer === undefined) return false;
    if (message.method !== 'GET' && message.method !== 'HEAD') {
      sendAnswer(response, preferredForm(message.headers.accept), NOT_ALLOWED);
      return true;
    }
    const known = await viewer.identify({
      method: message.method,
      rawHeaders: message.rawHeaders,
      rawUrl: message.url ?? '/',
      host: message.headers.host ?? '',
    });
    if (known.outcome === 'denied') return deny(message, response, known);
    const listed = await listing(known.identity);
    if ('outcome' in listed) return deny(message, response, listed);
    sendOwn(response, answer(listed));
    return true;
  };
}

const NOT_ALLOWED = {
  status: 405,
  code: 'method-not-allowed',
  title: 'Method not allowed',
  detail: 'This page can only be read.',
  headers: ['Allow', 'GET, HEAD'],
};

function deny(message: IncomingMessage, response: ServerResponse, denied: Denied): true {
  sendAnswer(response, preferredForm(message.headers.accept), denialAnswer(denied));
  return true;
}
