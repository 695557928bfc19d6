import { rules } from '../../values/problem.ts';
import { textMap } from '../../values/values.ts';

/** Labels by which Services, policies and the Deployment find the pods, and the program its objects. */
const OWN_LABELS: readonly string[] = [
  'app.kubernetes.io/name',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/managed-by',
];

/** Labels that are added to those of the program. */
export const furtherLabels = textMap.check(
  rules((labels) =>
    OWN_LABELS.filter((label) => Object.hasOwn(labels, label)).map((label) => ({
      path: [label],
      message: 'set by the program, whose selectors rest on it; choose another label',
    })),
  ),
);

/** `commonLabels`: what every object is labelled with. */
export const commonLabels = furtherLabels.default({});

/** `commonAnnotations`: the same of annotations. */
export const commonAnnotations = textMap.default({});
