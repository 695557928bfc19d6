/** The forms in which the router's own answers exist. */
export type AnswerForm = 'html' | 'json' | 'plain';

const LONGEST_ACCEPT = 1024;

function qualityOf(parameters: readonly string[]): number {
  for (let index = 1; index < parameters.length; index++) {
    const parameter = parameters[index]?.trim().toLowerCase() ?? '';
    if (parameter.startsWith('q=')) {
      const quality = Number(parameter.slice(2));
      return quality >= 0 && quality <= 1 ? quality : 0;
    }
  }
  return 1;
}

/**
 * The form that an Accept header prefers (RFC 9110 section 12.5.1); on a tie the one named first. JSON where nothing is said,
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
  let best: AnswerForm = 'json';
  let bestQuality = 0;
  for (const range of accept.slice(0, LONGEST_ACCEPT).split(',')) {
    const parameters = range.split(';');
    const type = parameters[0]?.trim().toLowerCase() ?? '';
    const form = formOf(type);
    if (form === undefined) continue;
    const quality = qualityOf(parameters);
    if (quality > bestQuality) {
      best = form;
      bestQuality = quality;
    }
  }
  return best;
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
