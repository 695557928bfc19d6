import { LabError } from '../errors.ts';

/** One thing that is missing, and what the user can do about it. */
export interface Missing {
  readonly what: string;
  readonly remedy: string;
}

const OTHER_WAY =
  'Or use a cluster of your own, which needs none of root, Linux and system packages: npm start -- --context NAME';

/** All that is missing, in one message with each remedy and the way round it. */
export function missingError(missing: readonly Missing[], wantsCluster: boolean): LabError {
  const lines = missing.map(({ what, remedy }) => `  - ${what}\n    ${remedy}`);
  const heading =
    missing.length === 1 ? 'One thing is missing:' : `${missing.length} things are missing:`;
  return new LabError(
    'PREREQUISITES_MISSING',
    [heading, ...lines, ...(wantsCluster ? [OTHER_WAY] : [])].join('\n'),
  );
}
