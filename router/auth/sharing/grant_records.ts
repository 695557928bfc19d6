import type { RouteSource } from '../../routes/model/table.ts';
import { changeSection, type ChangeOutcome } from '../../state/change_section.ts';
import type { Section } from '../../state/shared_state.ts';
import type { Log } from '../../telemetry/log.ts';
import { RecordSeal } from './record_seal.ts';
import { needsUpkeep, standing } from './standing.ts';
import type { Grant } from './store.ts';

/** What the records of grants are kept and judged by. */
export interface GrantRecordsParts {
  readonly section: Section<readonly unknown[]>;
  /** See RecordSeal. */
  readonly keys: () => readonly Uint8Array[];
  readonly routes: Pick<RouteSource, 'current'>;
  readonly log: Log;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

const UPKEEP_EVERY_MS = 3_600_000;

/** The records that the replicas keep of grants: those that are not a router's own writing count for nothing. */
export class GrantRecords {
  readonly #parts: GrantRecordsParts;
  readonly #seal: RecordSeal;
  readonly #upkeep: NodeJS.Timeout;
  readonly #take: (grants: readonly Grant[]) => void;
  #records: readonly unknown[] = [];
  /** What was said of records that are not genuine, so that it is said once. */
  #told = 0;

  /** @param take called with all that is genuine, at once and after each change, of this replica and of the others. */
  constructor(parts: GrantRecordsParts, take: (grants: readonly Grant[]) => void) {
    this.#parts = parts;
    this.#seal = new RecordSeal(parts.keys);
    this.#take = take;
    parts.section.follow((records) => this.#follow(records));
    this.#upkeep = setInterval(() => void this.#keepUp(), UPKEEP_EVERY_MS).unref();
  }

  /** What stands, oldest first, as the store has it now; undefined while it cannot be reached. */
  async read(): Promise<readonly Grant[] | undefined> {
    try {
      const records = await this.#parts.section.read();
      return this.#seal.ready ? standing(this.#genuine(records), this.#moment()) : undefined;
    } catch {
      return undefined;
    }
  }

  /** What stands, changed and written; what stands no more is left out with it. */
  async change(
    change: (grants: readonly Grant[]) => readonly Grant[] | undefined,
  ): Promise<ChangeOutcome> {
    if (!this.#seal.ready) return 'unavailable';
    return changeSection(this.#parts.section, (records) => {
      const after = change(standing(this.#genuine(records), this.#moment()));
      return after === undefined ? undefined : this.#seal.sealAll(after, records);
    });
  }

  /** Reads all anew; for when the keys have changed. */
  rekeyed(): void {
    this.#seal.forget();
    this.#follow(this.#records);
  }

  close(): void {
    clearInterval(this.#upkeep);
  }

  /** Writes that endpoints are still there, and leaves out what is gone; the other replicas then find it done. */
  async #keepUp(): Promise<void> {
    const opened = this.#seal.open(this.#records);
    const due = opened.some((one) => one?.current === false);
    const grants = opened.flatMap((one) => one?.grant ?? []);
    if (!due && !needsUpkeep(grants, this.#moment())) return;
    await this.change((now) => now);
  }

  #moment() {
    return { now: this.#parts.now(), table: this.#parts.routes.current() };
  }

  #genuine(records: readonly unknown[]): readonly Grant[] {
    return this.#seal.open(records).flatMap((one) => one?.grant ?? []);
  }

  #follow(records: readonly unknown[]): void {
    this.#records = records;
    const grants = this.#seal.ready ? this.#genuine(records) : [];
    this.#tell(this.#seal.ready ? records.length - grants.length : 0);
    this.#take(grants);
  }

  #tell(forged: number): void {
    if (forged > 0 && forged !== this.#told) {
      this.#parts.log.warn(
        { event: 'grant_not_genuine', records: forged },
        'Grants in the state were written by somebody else, or with another ROUTER_SECRET, and count for nothing: look who may ' +
          'edit the ConfigMap, or STATE_FILE',
      );
    }
    this.#told = forged;
  }
}
