import { apiError } from '../api_error.ts';

/**
 * How `tasks.edit_runtime` spells a runtime key in the database. The open-source server 2.3 escapes it as it escapes
 * the keys of hyperparameters, but reads runtimes back as they are stored: `endpoint__x` comes back as
 * `endpoint%_%_x`, and a key that `tasks.edit` wrote as `_PORT` cannot be reached.
 */
export function storedKey(key: string, mode: 'escaped' | 'verbatim'): string {
  if (mode === 'verbatim') return key;
  const trimmed = key.trim();
  if (trimmed === '') throw apiError('validation_error', 'Empty key is not allowed');
  const escaped = trimmed
    .replaceAll('%', '%%')
    .replaceAll('.', '%2E')
    .replaceAll('$', '%24')
    .replaceAll('__', '%_%_');
  return escaped.startsWith('_') ? `%_${escaped.slice(1)}` : escaped;
}
