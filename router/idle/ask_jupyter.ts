import * as z from 'zod';
import { askBounded } from '../bounded_question.ts';
import { parseJson } from '../grammar/json.ts';
import { underBase } from '../grammar/path.ts';
import type { OpenRoute, Upstream, WebOptions } from '../routes/model/endpoint.ts';

/** What goes on in a Jupyter. */
export interface JupyterWork {
  /** A kernel of it runs something right now. */
  readonly busy: boolean;
  /** Differs as soon as a kernel did something, or something was written to or by a terminal. */
  readonly print: string;
}

const DEADLINE_MS = 3_000;
const MOST_BYTES = 256 * 1024;
const MOST_HEADER_BYTES = 16 * 1024;
const MOST_LISTED = 1_000;

const word = z.string().max(128);
const KERNELS = z
  .array(z.object({ id: word, execution_state: word, last_activity: word }))
  .max(MOST_LISTED);
const TERMINALS = z.array(z.object({ name: word, last_activity: word })).max(MOST_LISTED);

/** Where it is asked, so that the question itself is no activity to a Jupyter that ends when nobody uses it. */
const KERNELS_PATH = '/api/kernels?no_track_activity=1';
const TERMINALS_PATH = '/api/terminals?no_track_activity=1';

/** What one upstream would not answer, with which token. */
interface Refused {
  readonly token: string;
  readonly paths: Set<string>;
}

/**
 * Asks what kernels and terminals do, where a Jupyter answers: with the token that the task itself put into its runtime, so that it gets no
 * more than it gave, at the literal address of a route alone. What is refused is not asked again with the same token: many apps write a
 * line for it, which ClearML takes for a line of the task's console, and the task would work for ever because it was asked.
 */
export class JupyterAsker {
  readonly #refused = new WeakMap<Upstream, Refused>();
  readonly #deadline: number;

  /** @param deadline milliseconds for all that one Jupyter is asked. */
  constructor(deadline: number = DEADLINE_MS) {
    this.#deadline = deadline;
  }

  /** Undefined for all that is no Jupyter, does not answer in time, or wants another token: it says nothing. */
  async ask(
    { upstream, basePath }: OpenRoute & WebOptions,
    token: string,
  ): Promise<JupyterWork | undefined> {
    if (!/^[\x21-\x7e]+$/.test(token)) return undefined;
    const signal = AbortSignal.timeout(this.#deadline);
    const [kernels, terminals] = await Promise.all([
      this.#list(upstream, token, underBase(KERNELS_PATH, basePath), KERNELS, signal),
      this.#list(upstream, token, underBase(TERMINALS_PATH, basePath), TERMINALS, signal),
    ]);
    if (kernels === undefined) return undefined;
    return {
      busy: kernels.some((kernel) => kernel.execution_state === 'busy'),
      print: JSON.stringify([
        kernels.map(({ id, last_activity: at }) => [id, at]),
        terminals?.map(({ name, last_activity: at }) => [name, at]),
      ]),
    };
  }

  async #list<S extends z.ZodType>(
    upstream: Upstream,
    token: string,
    path: string,
    schema: S,
    signal: AbortSignal,
  ): Promise<z.output<S> | undefined> {
    const refused = this.#refusedBy(upstream, token);
    if (refused.has(path)) return undefined;
    try {
      const { status, body } = await askBounded({
        upstream,
        path,
        headers: { accept: 'application/json', authorization: `token ${token}` },
        mostHeaderBytes: MOST_HEADER_BYTES,
        mostBytes: MOST_BYTES,
        signal,
      });
      if (status >= 300 && status < 500) refused.add(path);
      return body && schema.safeParse(parseJson(body.toString())).data;
    } catch {
      return undefined;
    }
  }

  #refusedBy(upstream: Upstream, token: string): Set<string> {
    const known = this.#refused.get(upstream);
    if (known?.token === token) return known.paths;
    const paths = new Set<string>();
    this.#refused.set(upstream, { token, paths });
    return paths;
  }
}
