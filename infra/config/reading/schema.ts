import { z } from 'zod';

import { crossSectionRules } from './rules.ts';
import { sections } from '../stack_config.ts';
import { rules } from '../values/problem.ts';

/**
 * The whole config of a stack: types, checks and documents all come from here. Keys keep the names of the values file
 * that this program replaces.
 */
export const stackConfig = z.strictObject(sections).check(rules(...crossSectionRules));
