/** The forms in which the router's own answers exist. */
export type AnswerForm = 'html' | 'json' | 'plain';

const LONGEST_ACCEPT = 1024;
/** RFC 9110, section 12.4.2. */
const WEIGHT = /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/;

interface MediaRange {
  readonly type: string;
  readonly weight: number;
}

/** The media ranges of an Accept header, most wanted first, of equal weight the one named first. Garbage weighs 0 and is left out. */
function readAccept(accept: string): readonly MediaRange[] {
  return accept
    .slice(0, LONGEST_ACCEPT)
    .toLowerCase()
    .split(',')
    .map((range) => {
      const [type = '', ...parameters] = range.split(';').map((part) => part.trim());
      const weight = parameters.find((one) => one.startsWith('q='))?.slice(2) ?? '1';
      return { type, weight: WEIGHT.test(weight) ? Number(weight) : 0 };
    })
    .filter(({ weight }) => weight > 0)
    .toSorted((one, other) => other.weight - one.weight);
}

/**
 * The form that an Accept header prefers (RFC 9110, section 12.5.1); on a tie the one named first. JSON where nothing is said,
 * or only that anything goes: that is a program, and curl; unless a browser says that it opens a page.
 *
 * @param fetchMode Sec-Fetch-Mode.
 */
export function preferredForm(
  accept: string | undefined,
  fetchMode?: string | readonly string[],
): AnswerForm {
  if (accept === undefined || accept === '' || accept === '*/*') {
    return fetchMode === 'navigate' ? 'html' : 'json';
  }
  for (const { type } of readAccept(accept)) {
    const form = formOf(type);
    if (form !== undefined) return form;
  }
  return 'json';
}

/** Whether nothing that the client names is wanted more than HTML, also of what the router does not have. */
export function prefersHtml(accept = ''): boolean {
  const ranges = readAccept(accept);
  const best = ranges.find(({ type }) => type !== '*/*');
  return best !== undefined && best.weight === ranges[0]?.weight && formOf(best.type) === 'html';
}

function formOf(type: string): AnswerForm | undefined {
  switch (type) {
    case 'text/html':
    case 'application/xhtml+xml':
      return 'html';
    case 'text/plain':
    case 'text/*':
      return 'plain';
    case 'application/json':
    case 'application/*':
      return 'json';
    default:
      return type.endsWith('+json') ? 'json' : undefined;
  }
}
