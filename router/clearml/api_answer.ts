import * as z from 'zod';
import { RouterError } from '../errors.ts';
import { parseJson } from '../grammar/json.ts';
import type { RawAnswer } from './transport.ts';

/** Some gateways in front of the API turn numbers into text; what is neither says nothing. */
const code = z.coerce.number().optional().catch(undefined);

const envelope = z.object({
  meta: z.object({
    result_code: code,
    result_subcode: code,
    result_msg: z.string().nullish().catch(undefined),
  }),
  data: z.unknown(),
});

/** Subcodes of 400 by which servers of different ages say that they do not know a call or its version. */
const UNKNOWN_CALL = new Set([0, 1, 2]);

/** Texts of a server end up in log lines: short, and one line. */
function short(text: string): string {
  return text.replace(/\s+/g, ' ').slice(0, 200);
}

/**
 * Reads the data of an answer in the form `{meta, data}`.
 *
 * @throws RouterError CLEARML_UNAVAILABLE (5xx, 429, or no such form: a load balancer speaks), CLEARML_UNAUTHORIZED (401),
 *   CLEARML_CALL_UNKNOWN, CLEARML_REFUSED (its other errors), CLEARML_ANSWER_INVALID (the data is not what the contract says).
 */
export function readApiAnswer<S extends z.ZodType>(
  call: string,
  answer: RawAnswer,
  schema: S,
): z.output<S> {
  const parsed = envelope.safeParse(parseJson(answer.body));
  const { status } = answer;
  if (status === 401) {
    const why = parsed.success ? (parsed.data.meta.result_msg ?? '') : '';
    throw new RouterError('CLEARML_UNAUTHORIZED', `ClearML refused ${call}: ${short(why)} (401)`);
  }
  if (status >= 500 || status === 429) {
    throw new RouterError('CLEARML_UNAVAILABLE', `ClearML answered ${call} with status ${status}`);
  }
  if (!parsed.success) {
    const code = status === 404 ? 'CLEARML_CALL_UNKNOWN' : 'CLEARML_ANSWER_INVALID';
    throw new RouterError(
      code,
      `ClearML answered ${call} with status ${status} and no answer of its API; check that CLEARML_API_HOST names the API server`,
    );
  }
  const { meta, data } = parsed.data;
  if (status !== 200 || (meta.result_code !== undefined && meta.result_code !== 200)) {
    const unknown =
      status === 404 || (status === 400 && UNKNOWN_CALL.has(meta.result_subcode ?? 0));
    throw new RouterError(
      unknown ? 'CLEARML_CALL_UNKNOWN' : 'CLEARML_REFUSED',
      `ClearML refused ${call}: ${short(meta.result_msg ?? '')} (${status}/${meta.result_subcode ?? 0})`,
    );
  }
  const result = schema.safeParse(data);
  if (!result.success) {
    const where = result.error.issues
      .slice(0, 3)
      .map((issue) => `data.${issue.path.join('.')}: ${issue.message}`);
    throw new RouterError(
      'CLEARML_ANSWER_INVALID',
      `ClearML answered ${call} outside the contract: ${short(where.join('; '))}`,
    );
  }
  return result.data;
}
