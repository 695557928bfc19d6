import { rules } from '../../values/problem.ts';
import { textMap } from '../../values/values.ts';

/** Labels by which Services, policies and the Deployment find the pods, and the program its objects. */
const OWN_LABELS: readonly string[] = [
  'app.kubernetes.io/name',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/managed-by',
];

/** https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set */
const LABEL = /^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?)?$/;

/** Labels that are added to those of the program. */
export const furtherLabels = textMap.check(
  rules((labels) => [
    ...OWN_LABELS.filter((label) => Object.hasOwn(labels, label)).map((label) => ({
      path: [label],
      message: 'set by the program, whose selectors rest on it; choose another label',
    })),
    ...Object.entries(labels)
      .filter(([label, value]) => !LABEL.test(label) || !LABEL_VALUE.test(value))
      .map(([label]) => ({
        path: [label],
        message:
          'is no label: 63 letters, digits, "-", "_" and "." at most on either side, letters or digits at both ends',
      })),
  ]),
);

/** `commonLabels`: what every object is labelled with. */
export const commonLabels = furtherLabels.default({});

/** `commonAnnotations`: the same of annotations. */
export const commonAnnotations = textMap.default({});
