import { escapeHtml } from '../../pages/answer.ts';

/** HTML that is safe to send: made by `html` alone. */
export interface Html {
  readonly markup: string;
}

type Piece = string | number | Html | undefined | readonly Html[];

function render(piece: Piece): string {
  if (piece === undefined) return '';
  if (typeof piece === 'string') return escapeHtml(piece);
  if (typeof piece === 'number') return String(piece);
  return 'markup' in piece ? piece.markup : piece.map(({ markup }) => markup).join('');
}

/** Around these white space shows nothing. */
const BLOCK = /\n?(<\/?(?:dd|div|dl|dt|li|ul)\b[^>]*>)\n?/g;

/** Templates without the indentation that they have in the source: it is a third of a page of many endpoints. */
const dense = new WeakMap<TemplateStringsArray, readonly string[]>();

function densely(strings: TemplateStringsArray): readonly string[] {
  let known = dense.get(strings);
  if (known === undefined) {
    known = strings.map((text) => text.replace(/\s*\n\s*/g, '\n').replace(BLOCK, '$1'));
    dense.set(strings, known);
  }
  return known;
}

/** Template tag: everything that is put in is escaped, unless it is HTML already. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Html {
  return { markup: String.raw({ raw: densely(strings) }, ...pieces.map(render)) };
}
