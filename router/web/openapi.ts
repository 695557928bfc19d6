import * as z from 'zod';
import { LISTING } from './listing.ts';

/** The OpenAPI 3.1 document of /api/v1, made from the same description as the answers. */
export function openApiDocument(routerUrl: string): unknown {
  const { $schema: _dialect, $defs, ...listing } = z.toJSONSchema(LISTING, { io: 'output' });
  const local: unknown = JSON.parse(
    JSON.stringify({ ...$defs, Listing: listing }).replaceAll('#/$defs/', '#/components/schemas/'),
  );
  const denied = (description: string): unknown => ({
    description,
    content: { 'application/json': { schema: { type: 'object' } } },
  });
  return {
    openapi: '3.1.0',
    info: { title: 'task-traffic-router', version: '1' },
    servers: [{ url: routerUrl }],
    security: [{ bearer: [] }],
    paths: {
      '/api/v1/routes': {
        get: {
          summary: 'The endpoints and static routes that the user may see.',
          responses: {
            200: {
              description: 'What the page of the router shows, as data.',
              content: { 'application/json': { schema: { $ref: '#/components/schemas/Listing' } } },
            },
            401: denied('No ClearML token, or none that holds.'),
            503: denied('ClearML does not answer; see Retry-After.'),
          },
        },
      },
    },
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: local,
    },
  };
}
