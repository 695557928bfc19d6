import type { Fields } from '../queries/listing.ts';

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

const below = (text: string): ReadonlySet<string> => new Set(words(text));

/** What lies below the fields of a task; below all others nothing does. */
const BELOW: Readonly<Record<string, ReadonlySet<string> | 'anything'>> = {
  execution:
    below(`parameters model model_desc model_labels framework dataviews dataset artifacts queue test_split
    docker_cmd`),
  output: below('destination model error result'),
  script: below(
    'binary repository tag branch version_num entry_point working_dir requirements diff',
  ),
  models: below('input output'),
  company: below('id name'),
  user: below('id name given_name family_name company created avatar'),
  project: below('id name basename description company user created tags system_tags parent'),
  parent: below('id name type status project user company'),
  runtime: 'anything',
  hyperparams: 'anything',
  configuration: 'anything',
  container: 'anything',
  last_metrics: 'anything',
  metric_stats: 'anything',
};

/** All fields of a task; a projection or an order that names another is refused. */
export const TASK_FIELDS: Fields = new Map(
  words(`
    id name type status status_reason status_message status_changed comment report report_assets created started
    completed published active_duration duration parent project output execution tags system_tags script last_worker
    last_worker_report last_update last_change last_changed_by last_iteration last_metrics metric_stats hyperparams
    configuration runtime models container company user unique_metrics company_origin enqueue_status
  `).map((name) => [name, BELOW[name]]),
);

/** Not in an answer unless asked for by name. */
export const UNSHOWN_FIELDS = words('unique_metrics company_origin enqueue_status');

/** What the listings can be filtered by. */
export const TASK_FILTERS = {
  list: words('id user tags system_tags type status project parent execution.queue'),
  date: words('status_changed last_update last_change'),
  range: words('created started active_duration last_iteration'),
  pattern: words('name comment report'),
  equalPrefix: 'runtime.',
};

export const TASK_TYPES = words(
  'training testing inference data_processing application monitor controller report optimizer service qc custom',
);

/** What `tasks.create` and `tasks.edit` take over. */
export const EDITABLE_FIELDS = words(
  'name tags system_tags type comment parent project models container execution hyperparams configuration script runtime',
);

/** What a user may set, by the server's word: an edit of these alone leaves `last_update` as it is. */
export const USER_SET_FIELDS: ReadonlySet<string> = new Set(
  words('name status_message comment created project tags system_tags'),
);

/** Parts into which an edit is merged; all others, the runtime among them, it replaces whole. */
export const MERGED_FIELDS: ReadonlySet<string> = new Set(words('execution script models output'));
