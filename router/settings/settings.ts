import { readFileSync } from 'node:fs';
import { RouterError } from '../errors.ts';
import { RULES, type Problem } from './rules.ts';
import {
  REMOVED_SETTINGS,
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  type SettingValues,
} from './schema.ts';

/** The settings of the process: every value parsed, and for values that came from a file the file's path. */
export interface Settings extends SettingValues {
  /** Paths of the files that values came from; such a value may change while the process runs (rotated secrets). */
  readonly sources: Readonly<Partial<Record<SettingName, string>>>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** One setting as text, or what keeps it from being read. */
type Raw =
  { readonly text: string | undefined; readonly path?: string } | { readonly problem: string };

/** White space around a value from a file is the file's, not the value's: editors and Secrets end files with a newline. */
export function readSettingFile(path: string): string {
  return readFileSync(path, 'utf8').trim();
}

/** An empty variable counts as not set: charts and shells write one where they have no value. */
function readRaw(environment: Environment, name: SettingName): Raw {
  const direct = environment[name]?.trim();
  const path = environment[`${name}_FILE`]?.trim();
  if (path === undefined || path === '') return { text: direct === '' ? undefined : direct };
  if (direct !== undefined && direct !== '') {
    return { problem: `given twice, as ${name} and as ${name}_FILE; keep one` };
  }
  try {
    const text = readSettingFile(path);
    return text === '' ? { problem: `the file ${path} is empty` } : { text, path };
  } catch (error) {
    return { problem: `cannot read the file ${path}: ${(error as NodeJS.ErrnoException).code}` };
  }
}

/**
 * Files named by a setting must be readable now: a router that starts without its CA or its static routes would only fail
 * later, for some users.
 */
function checkReadable(name: SettingName, path: unknown): Problem[] {
  if (typeof path !== 'string') return [];
  try {
    readFileSync(path);
    return [];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return [{ names: [name], message: `cannot read the file ${path}: ${code}` }];
  }
}

function removedSettings(environment: Environment): Problem[] {
  return Object.entries(REMOVED_SETTINGS).flatMap(([name, message]) => {
    const given = [name, `${name}_FILE`].filter((key) => (environment[key]?.trim() ?? '') !== '');
    return given.length === 0 ? [] : [{ names: given, message }];
  });
}

/** With sign-in off on purpose nothing is verified, so no key is asked for. */
function isRequired(name: SettingName, environment: Environment): boolean {
  return name !== 'AUTH_BASE64_JWKS_KEY' || environment['AUTH_ENABLED']?.trim() !== 'false';
}

function describe(problems: readonly Problem[]): string {
  const count = problems.length === 1 ? '1 setting is' : `${problems.length} settings are`;
  const lines = problems.map(({ names, message }) => `  ${names.join(', ')}: ${message}`);
  return [`${count} missing or wrong`, ...lines].join('\n');
}

/**
 * Reads all settings from the environment and the files that it names.
 *
 * @throws RouterError SETTINGS_INVALID that lists every problem, one a line, without any secret value.
 */
export function readSettings(environment: Environment): Settings {
  const problems: Problem[] = [];
  const values: Partial<Record<SettingName, unknown>> = {};
  const sources: Partial<Record<SettingName, string>> = {};
  for (const name of SETTING_NAMES) {
    const raw = readRaw(environment, name);
    if ('problem' in raw) {
      problems.push({ names: [name], message: raw.problem });
      continue;
    }
    if (raw.path !== undefined) sources[name] = raw.path;
    const parsed = SETTINGS[name].safeParse(raw.text);
    if (parsed.success) values[name] = parsed.data;
    else if (raw.text !== undefined) {
      const message = parsed.error.issues.map((issue) => issue.message).join('; ');
      problems.push({ names: [name], message });
    } else if (isRequired(name, environment)) {
      problems.push({ names: [name], message: `required; set it, or ${name}_FILE` });
    } else values[name] = [];
  }
  for (const rule of RULES) {
    const problem = rule(values as Partial<SettingValues>);
    if (problem !== undefined) problems.push(problem);
  }
  problems.push(...removedSettings(environment));
  problems.push(...checkReadable('CLEARML_CA_FILE', values.CLEARML_CA_FILE));
  problems.push(...checkReadable('TASK_CA_FILE', values.TASK_CA_FILE));
  problems.push(...checkReadable('STATIC_ROUTES_FILE', values.STATIC_ROUTES_FILE));
  if (problems.length > 0) throw new RouterError('SETTINGS_INVALID', describe(problems));
  return { ...(values as SettingValues), sources };
}
