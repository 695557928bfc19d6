function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}

/** All fields of a task; a projection that names another is refused. */
export const TASK_FIELDS: ReadonlySet<string> = new Set(
  words(`
    id name type status status_reason status_message status_changed comment report report_assets created started
    completed published active_duration duration parent project output execution tags system_tags script last_worker
    last_worker_report last_update last_change last_changed_by last_iteration last_metrics metric_stats hyperparams
    configuration runtime models container company user unique_metrics company_origin enqueue_status
  `),
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
