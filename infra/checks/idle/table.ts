import { distanceText } from '../../../router/pages/in_words.ts';
import { idleText, type Known, type Row } from './verdict.ts';

const LONGEST_NAME = 40;

/** What a terminal acts on, or turns the direction of writing; tasks choose their names. */
const ACTIVE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function plain(text: string): string {
  const shown = text.replaceAll(ACTIVE, '\u{fffd}');
  return shown.length > LONGEST_NAME ? `${shown.slice(0, LONGEST_NAME - 1)}…` : shown;
}

const HEADS = ['TASK', 'NAME', 'QUEUE', 'LAST USE', 'IDLE FOR', 'REPORTED', 'STOPPED'] as const;

/** The rows as text, a line each, below a line with what they are. */
export function tableOf(rows: readonly Row[], known: Known): readonly string[] {
  const cells = rows.map((row) => [
    plain(row.task.id),
    plain(row.task.name),
    plain(row.queue ?? row.task.queue ?? ''),
    useText(row, known),
    idleText(row),
    reportText(row, known),
    row.stops,
  ]);
  const all = [[...HEADS], ...cells];
  const widths = HEADS.map((_, column) =>
    Math.max(...all.map((line) => line[column]?.length ?? 0)),
  );
  return all.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function ago(at: number, now: number): string {
  return distanceText(Math.min(0, at - now));
}

function useText({ task: { usedAt } }: Row, { allSeen, now }: Known): string {
  if (usedAt === undefined) return allSeen ? 'none seen' : 'unknown';
  return allSeen ? ago(usedAt, now) : `${ago(usedAt, now)}, or later`;
}

/** The last line of its console, and whatever else was reported or changed since. */
function reportText({ work }: Row, { now }: Known): string {
  if (work === undefined) return 'not asked';
  if (work === null) return 'gone';
  const line = work.lineAt === undefined ? 'no line' : `line ${ago(work.lineAt, now)}`;
  const { updatedAt = 0 } = work;
  return updatedAt > (work.lineAt ?? 0) ? `${line}, other ${ago(updatedAt, now)}` : line;
}
