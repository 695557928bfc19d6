/** What the document says of statuses that mean the same everywhere. */
export const PROBLEMS = {
  400: 'The body or the query is not what is described.',
  401: 'No ClearML token, or none that holds.',
  403: 'Sent by a page of another site; or the keys of the account are asked for, too; or more than may be given.',
  404: 'Not there, or not for this user; the same answer for both.',
  409: 'What stands there does not allow it; the answer says what: there are too many, or it is there already.',
  429: 'Too many at a time; see Retry-After.',
  503: 'ClearML does not answer, or what is kept cannot be reached; see Retry-After.',
} as const;

/** An operation in short. */
export interface Described {
  readonly summary: string;
  readonly good: {
    readonly status: 200 | 201 | 204;
    readonly says: string;
    readonly schema?: string;
  };
  readonly problems: readonly (keyof typeof PROBLEMS)[];
  /** Name of the body's schema. */
  readonly body?: string;
  /** What `{id}` in the path stands for. */
  readonly id?: string;
  /** What the query may hold, by name. */
  readonly query?: Readonly<Record<string, string>>;
}

export function content(schema: string): unknown {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` } } };
}

/** The same as OpenAPI has it. */
export function operation({ summary, good, problems, body, id, query = {} }: Described): unknown {
  const schema = { type: 'string' };
  const parameters = [
    ...(id === undefined
      ? []
      : [{ name: 'id', in: 'path', required: true, description: id, schema }]),
    ...Object.entries(query).map(([name, description]) => ({
      name,
      in: 'query',
      description,
      schema,
    })),
  ];
  return {
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { required: true, content: content(body) } }),
    responses: {
      [good.status]: {
        description: good.says,
        ...(good.schema === undefined ? {} : { content: content(good.schema) }),
      },
      ...Object.fromEntries(
        problems.map((status) => [
          status,
          { description: PROBLEMS[status], content: content('Problem') },
        ]),
      ),
    },
  };
}
