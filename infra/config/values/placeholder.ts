const WORD = /^(<.*>|\{.*\}|change[-_ ]?me|todo|x{3,}|\.{3}|…)$/i;

/** Forms that a shell or a template would have filled in; a password may well begin with `$`. */
const VARIABLE = /^\$(\{.*\}|\(.*\)|[A-Z_][A-Z0-9_]*)$/;

/**
 * Whether a text is what guides and templates leave behind where a value should be, such as `<token>`, `${token}` or `changeme`. A
 * JSON document, such as a kubeconfig in one line, has braces around it, too, and is none.
 */
export function isPlaceholder(text: string): boolean {
  return (WORD.test(text) && !isJson(text)) || VARIABLE.test(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
