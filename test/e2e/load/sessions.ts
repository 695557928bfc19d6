import { setTimeout as sleep } from 'node:timers/promises';

/** A session that carries texts and gives each back. */
export interface Session {
  /** Sends a text, which comes back. */
  readonly send: (text: string) => void;
  /** Called with each text that came back, in order. */
  onText: (text: string) => void;
  /** Resolves with how the session ended, in words; never rejects. */
  readonly ended: Promise<string>;
  readonly close: () => void;
}

/** A session that ended before the load did. */
export interface SessionEnd {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** A close code, an error, the end of the stream. */
  readonly how: string;
  /** When the last answer had come. Milliseconds since the epoch. */
  readonly lastAnswer: number;
}

export interface SessionsReport {
  readonly opened: number;
  /** Sessions that are open and have answered within the last seconds. */
  readonly alive: number;
  /** Texts that came back, over all sessions. */
  readonly rounds: number;
  readonly ended: readonly SessionEnd[];
}

export interface Sessions {
  readonly report: () => SessionsReport;
  /** Waits for the texts that are under way, and closes. */
  readonly stop: () => Promise<void>;
}

/** Between two texts of a session. Milliseconds. */
const PULSE = 250;
/** An open session that has not answered for this long is not alive. Milliseconds. */
const SILENCE = 5_000;

interface Kept {
  readonly session: Session;
  readonly pulse: NodeJS.Timeout;
  sent: number;
  answered: number;
  lastAnswer: number;
  isOpen: boolean;
}

/** Opens sessions, and has each send a text and wait for it, again and again. Returns when each has answered once. */
export async function startSessions(
  count: number,
  open: () => Promise<Session>,
): Promise<Sessions> {
  const ended: SessionEnd[] = [];
  let stopping = false;

  const keep = async (): Promise<Kept> => {
    const session = await open();
    const first = Promise.withResolvers<void>();
    const beat = (): void => {
      // Only one is under way, so that one that is lost is seen as silence.
      if (!kept.isOpen || kept.sent > kept.answered) return;
      kept.sent += 1;
      session.send(`round ${kept.sent}\n`);
    };
    const kept: Kept = {
      session,
      pulse: setInterval(beat, PULSE),
      sent: 0,
      answered: 0,
      lastAnswer: Date.now(),
      isOpen: true,
    };
    const finish = (how: string): void => {
      if (!kept.isOpen || stopping) return;
      kept.isOpen = false;
      clearInterval(kept.pulse);
      first.reject(new Error(`the session ended before its first answer: ${how}`));
      ended.push({ at: Date.now(), how, lastAnswer: kept.lastAnswer });
    };
    session.onText = (text) => {
      if (text !== `round ${kept.sent}\n`) {
        finish(`"${text}" came back instead of round ${kept.sent}`);
        session.close();
        return;
      }
      kept.answered += 1;
      kept.lastAnswer = Date.now();
      first.resolve();
    };
    void session.ended.then(finish);
    beat();
    try {
      await first.promise;
    } catch (error) {
      session.close();
      throw error;
    }
    return kept;
  };

  const opening = Array.from({ length: count }, keep);
  let all: readonly Kept[];
  try {
    all = await Promise.all(opening);
  } catch (error) {
    // None is left open where one could not be opened.
    for (const settled of await Promise.allSettled(opening)) {
      if (settled.status === 'fulfilled') settled.value.session.close();
    }
    throw error;
  }
  return {
    report: () => ({
      opened: all.length,
      alive: all.filter(({ isOpen, lastAnswer }) => isOpen && Date.now() - lastAnswer < SILENCE)
        .length,
      rounds: all.reduce((sum, { answered }) => sum + answered, 0),
      ended: [...ended],
    }),
    stop: async () => {
      for (const { pulse } of all) clearInterval(pulse);
      const late = Date.now() + SILENCE;
      const isWaiting = ({ isOpen, sent, answered }: Kept): boolean => isOpen && sent > answered;
      while (all.some(isWaiting) && Date.now() < late) await sleep(20);
      stopping = true;
      for (const { session } of all) session.close();
      await Promise.all(all.map(({ session }) => session.ended));
    },
  };
}
