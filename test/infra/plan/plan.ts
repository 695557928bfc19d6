import { autoname } from '../../lab/provider/autoname.ts';
import { difference, type Difference } from '../../lab/provider/diff.ts';
import { asManifest, type Manifest } from '../../lab/provider/manifest.ts';
import { plain, type JsonObject, UNKNOWN } from '../../lab/provider/property_values.ts';
import { asProviderInputs } from '../../lab/provider/cluster_config.ts';
import { providerDifference } from '../../lab/provider/provider_diff.ts';

/** A resource as the engine keeps it in the state. */
export interface Registration {
  /** Type and name: `kubernetes:core/v1:Service::task-router`. */
  readonly key: string;
  readonly inputs: JsonObject;
  /** What each top-level property is made of, by keys of resources. */
  readonly madeOf: ReadonlyMap<string, readonly string[]>;
  readonly replaceOnChanges: readonly string[];
  /** Undefined leaves it to the provider. */
  readonly deleteBeforeReplace: boolean | undefined;
  readonly ignoreChanges: readonly string[];
}

/** What an `up` would do to objects that are there. Each list is sorted. */
export interface Plan {
  /** Made anew beside the old one, which goes at the end. */
  readonly replaced: readonly string[];
  /** Deleted before it is made anew. */
  readonly deletedFirst: readonly string[];
  /** No longer wanted. */
  readonly deleted: readonly string[];
}

const PROVIDER = 'pulumi:providers:kubernetes';
const SEED = new Uint8Array();

function providerOf(registrations: readonly Registration[]): JsonObject {
  return plain(registrations.find(({ key }) => key.startsWith(PROVIDER))?.inputs ?? {});
}

function named({ inputs, key }: Registration, ignored: readonly string[]): Manifest {
  const kept = Object.entries(plain(inputs)).filter(([name]) => !ignored.includes(name));
  return autoname(asManifest(Object.fromEntries(kept)), key, SEED, undefined);
}

/**
 * What the engine and the provider would plan from one run of the program to the next, by the rules of both: the provider's `Diff`
 * in the form of the stand-in, and the engine's `generateSteps` and `calculateDependentReplacements`
 * (pulumi/pkg/resource/deploy/step_generator.go): what is made of an object that is deleted first is asked for anew with that part
 * unknown, and goes as well where the provider calls that a replacement.
 */
export function planOf(before: readonly Registration[], after: readonly Registration[]): Plan {
  const [oldProvider, provider] = [providerOf(before), providerOf(after)];
  const { enableConfigMapMutable, enableSecretMutable } = asProviderInputs(provider);
  const mutable = { configMaps: enableConfigMapMutable, secrets: enableSecretMutable };
  const isOtherCluster = providerDifference(oldProvider, provider).replacing.length > 0;
  const olds = new Map(before.map((one) => [one.key, one]));
  const news = new Map(after.map((one) => [one.key, one]));

  const isReplaced = ({ changes }: Difference, { replaceOnChanges }: Registration): boolean =>
    changes.some(
      ({ path, replaces }) =>
        replaces || replaceOnChanges.some((property) => path.startsWith(property)),
    );
  const replaced = new Set<string>();
  const deletedFirst = new Set<string>();

  const deleteFirst = (root: string): void => {
    deletedFirst.add(root);
    for (const old of before) {
      const lost = [...old.madeOf].filter(([, keys]) => keys.includes(root)).map(([name]) => name);
      if (lost.length === 0 || deletedFirst.has(old.key) || !isObject(old)) continue;
      const unknown = Object.fromEntries(lost.map((name) => [name, UNKNOWN]));
      const asked = { ...plain(old.inputs), ...unknown };
      const change = difference(named(old, []), asManifest(asked), mutable);
      if (isReplaced(change, old)) deleteFirst(old.key);
    }
  };

  for (const one of after) {
    const old = olds.get(one.key);
    if (old === undefined || !isObject(one)) continue;
    if (isOtherCluster) {
      replaced.add(one.key);
      continue;
    }
    const change = difference(
      named(old, one.ignoreChanges),
      named(one, one.ignoreChanges),
      mutable,
    );
    if (!isReplaced(change, one)) continue;
    if (one.deleteBeforeReplace ?? change.deleteBeforeReplace) deleteFirst(one.key);
    else replaced.add(one.key);
  }
  return {
    replaced: [...replaced].filter((key) => !deletedFirst.has(key)).toSorted(),
    deletedFirst: [...deletedFirst].toSorted(),
    deleted: [...olds.keys()].filter((key) => !news.has(key)).toSorted(),
  };
}

function isObject({ key }: Registration): boolean {
  return key.startsWith('kubernetes:');
}
