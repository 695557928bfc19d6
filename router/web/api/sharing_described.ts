import { operation } from './described_operation.ts';

/** The operations of sharing as the OpenAPI document has them. */
export const SHARING_PATHS = {
  '/api/v1/endpoints/{id}/access': {
    get: operation({
      summary: 'Who may use an endpoint; for its owner, and for administrators.',
      id: 'Of an endpoint.',
      good: {
        status: 200,
        says: 'Its level, and what its owner gave.',
        schema: 'EndpointAccess',
      },
      problems: [401, 404, 503],
    }),
  },
  '/api/v1/grants': {
    get: operation({
      summary: 'What the user gave to others; the secrets of links are not among it.',
      query: { everybody: 'To `true`: what everybody gave whom the user administers.' },
      good: { status: 200, says: 'Oldest first.', schema: 'Grants' },
      problems: [401, 404, 503],
    }),
    post: operation({
      summary:
        'Opens endpoints of the user’s own to others. Nobody gives what is another’s, and ClearML is still asked whether it shows them the task.',
      body: 'GrantWish',
      good: { status: 201, says: 'Given.', schema: 'GivenGrant' },
      problems: [400, 401, 403, 404, 409, 503],
    }),
  },
  '/api/v1/grants/{id}': {
    delete: operation({
      summary:
        'Takes back what the user gave; administrators take back what others gave, too. What is open ends within seconds.',
      id: 'Of a grant.',
      good: { status: 204, says: 'It opens nothing any more.' },
      problems: [401, 403, 404, 503],
    }),
  },
  '/api/v1/people': {
    get: operation({
      summary: 'Users of the user’s company whose name holds a text, or whose id begins with it.',
      query: { q: 'The text, of two characters at least.' },
      good: { status: 200, says: 'Some of them.', schema: 'People' },
      problems: [400, 401, 404, 429, 503],
    }),
  },
};
