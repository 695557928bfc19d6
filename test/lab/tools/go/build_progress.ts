/** How far a build is, in words for a person who waits. */
export interface BuildProgress {
  /** Takes a line that Go writes to standard error. */
  line(text: string): string;
  /** Says that all modules are there, and how many packages the programs are made of. */
  compiling(packages: number): string;
}

/** From this part of the packages on, the time that they took says how long the others will. */
const MEASURED_PART = 0.1;

/**
 * Counts modules and packages as Go names them, since nobody who waits knows their names. Packages that Go has from an earlier
 * build are not named, so that the count may end below all.
 *
 * @param now a clock, in milliseconds.
 */
export function buildProgress(now: () => number): BuildProgress {
  let modules = 0;
  let packages: { readonly all: number; readonly began: number; compiled: number } | undefined;

  const compiledOfAll = (all: number, compiled: number, elapsed: number): string => {
    const count = `${compiled} of ${all} packages compiled`;
    if (compiled >= all) return `${count}, linking`;
    if (compiled < all * MEASURED_PART) return count;
    const minutes = Math.ceil(((elapsed / compiled) * (all - compiled)) / 60_000);
    return `${count}, about ${minutes} min left`;
  };
  const state = (): string => {
    if (packages !== undefined) {
      return compiledOfAll(packages.all, packages.compiled, now() - packages.began);
    }
    return modules === 0 ? 'looking for its source' : `modules of its source fetched: ${modules}`;
  };
  return {
    line(text) {
      if (text.startsWith('go: downloading ')) modules += 1;
      else if (/^[\w.~+-]+(\/[\w.~+-]+)*$/.test(text) && packages !== undefined) {
        packages.compiled += 1;
      }
      return state();
    },
    compiling(all) {
      packages = { all, began: now(), compiled: 0 };
      return state();
    },
  };
}
