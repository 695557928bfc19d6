import { randomUUID } from 'node:crypto';
import { apiError } from '../api_error.ts';
import { text, type Call, type Server, type Service } from '../call.ts';
import { timestamp } from '../clock.ts';
import { isDocument, isList, textOf, type Document, type Json } from '../document.ts';
import { part } from '../queries/listing.ts';
import type { TaskRecord } from '../records.ts';
import { store, writableTask } from './task_access.ts';
import { EDITABLE_FIELDS, MERGED_FIELDS, TASK_TYPES, USER_SET_FIELDS } from './task_fields.ts';
import { storedPath, withStored } from './runtime_keys.ts';

function readFields(data: Document, names: readonly string[]): Record<string, Json> {
  const fields: Record<string, Json> = {};
  for (const name of names) {
    const value = data[name];
    if (value === undefined || value === null) continue;
    if (name === 'runtime' && !isDocument(value)) {
      throw apiError('fields_value_error', 'expecting dict', { field: name });
    }
    if ((name === 'tags' || name === 'system_tags') && isList(value)) {
      fields[name] = [...new Set(value.map(textOf))].toSorted();
    } else fields[name] = value;
  }
  const destination = data['output_dest'];
  if (typeof destination === 'string') fields['output'] = { destination };
  return fields;
}

function requireProject(fields: Record<string, Json>, call: Call, server: Server): void {
  const { project: id } = fields;
  if (typeof id !== 'string') return;
  const project = server.state.projects.get(id);
  if (project === undefined || project.company !== call.caller.identity.company) {
    throw apiError('invalid_project_id', undefined, { id });
  }
}

function newTask(fields: Record<string, Json>, call: Call, server: Server): TaskRecord {
  const now = timestamp(server.clock.now());
  const { user, company } = call.caller.identity;
  return {
    execution: {},
    output: {},
    script: {},
    ...fields,
    id: randomUUID().replaceAll('-', ''),
    name: textOf(fields['name']),
    type: textOf(fields['type']),
    status: 'created',
    company,
    user,
    created: now,
    last_update: now,
    last_change: now,
    last_changed_by: user,
    last_iteration: 0,
    system_tags: listOf(fields['system_tags']),
    tags: listOf(fields['tags']),
    runtime: part(fields, 'runtime'),
  };
}

function listOf(value: Json | undefined): readonly string[] {
  return isList(value) ? value.map(textOf) : [];
}

/** The fields of an edit, merged where the server merges. */
function merged(task: TaskRecord, fields: Record<string, Json>): Record<string, Json> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => {
      const current = task[name];
      return MERGED_FIELDS.has(name) && isDocument(value) && isDocument(current)
        ? [name, { ...current, ...value }]
        : [name, value];
    }),
  );
}

/** A change of one nested field, for the many calls of which a task keeps only the outcome. */
function editField(field: string, change: (data: Document, current: Document) => Document) {
  return (call: Call, server: Server): Document => {
    const task = writableTask(call, server);
    const fields = { [field]: change(call.data, part(task, field)) };
    store(task, fields, call, server, { lastUpdate: true });
    return { updated: 1 };
  };
}

export const taskEdits: Service = {
  'tasks.create': {
    handle(call, server) {
      const name = text(call.data, 'name');
      if (!TASK_TYPES.includes(text(call.data, 'type'))) {
        throw apiError(
          'validation_error',
          `value '${textOf(call.data['type'])}' is not a valid choice.`,
        );
      }
      if (name.trim().length < 3) {
        throw apiError('data_validation_error', undefined, { name: 'String value is too short' });
      }
      const fields = readFields(call.data, EDITABLE_FIELDS);
      requireProject(fields, call, server);
      return { id: server.state.putTask(newTask(fields, call, server)).id };
    },
  },
  'tasks.validate': { handle: () => ({}) },
  'tasks.edit': {
    handle(call, server) {
      const task = writableTask(call, server);
      if (call.data['force'] !== true && task.status !== 'created') {
        throw apiError('invalid_task_status', undefined, {
          expected: 'created',
          status: task.status,
        });
      }
      const fields = merged(task, readFields(call.data, [...EDITABLE_FIELDS, 'status']));
      requireProject(fields, call, server);
      if (Object.keys(fields).length === 0) return { updated: 0, fields: {} };
      const lastUpdate = Object.keys(fields).some((name) => !USER_SET_FIELDS.has(name));
      const stored = store(task, fields, call, server, { lastUpdate });
      const told = ['last_change', 'last_changed_by', ...(lastUpdate ? ['last_update'] : [])];
      return {
        updated: 1,
        fields: { ...fields, ...Object.fromEntries(told.map((name) => [name, stored[name]])) },
      };
    },
  },
  'tasks.update': {
    handle(call, server) {
      const task = writableTask(call, server);
      const fields = readFields(call.data, [...USER_SET_FIELDS]);
      if (Object.keys(fields).length === 0) return { updated: 0 };
      store(task, fields, call, server, { lastUpdate: false });
      return { updated: 1, fields };
    },
  },
  'tasks.edit_runtime': {
    since: '2.34',
    handle(call, server) {
      const task = writableTask(call, server);
      if (!['created', 'queued', 'in_progress'].includes(task.status)) {
        throw apiError('invalid_task_status', undefined, {
          expected: 'created',
          status: task.status,
        });
      }
      const { add_or_update: added, remove } = call.data;
      const additions = isDocument(added) ? Object.entries(added) : [];
      const removals = isList(remove) ? remove.map(textOf) : [];
      if (additions.length + removals.length === 0) return { updated: 0 };
      const spell = (key: string) => storedPath(key, server.options.editRuntimeKeys);
      let runtime: Document = task.runtime;
      for (const [key, value] of additions) runtime = withStored(runtime, spell(key), value);
      for (const key of removals) runtime = withStored(runtime, spell(key), undefined);
      store(task, { runtime }, call, server, { lastUpdate: true });
      return { updated: 1 };
    },
  },
  'tasks.ping': {
    handle(call, server) {
      const task = server.state.task(text(call.data, 'task'));
      if (task !== undefined && task.company === call.caller.identity.company) {
        store(task, {}, call, server, { lastUpdate: true });
      }
      return {};
    },
  },
  'tasks.set_requirements': {
    handle: editField('script', (data, script) => ({
      ...script,
      requirements: part(data, 'requirements'),
    })),
  },
  'tasks.add_or_update_artifacts': {
    minVersion: '2.10',
    handle: editField('execution', (data, execution) => ({
      ...execution,
      artifacts: data['artifacts'] ?? [],
    })),
  },
  'tasks.edit_hyper_params': {
    handle: editField('hyperparams', (data, current) => {
      const params = isList(data['hyperparams']) ? data['hyperparams'].filter(isDocument) : [];
      return params.reduce<Document>((all, param) => {
        const section = textOf(param['section']);
        return { ...all, [section]: { ...part(all, section), [textOf(param['name'])]: param } };
      }, current);
    }),
  },
  'tasks.edit_configuration': {
    handle: editField('configuration', (data, current) => {
      const items = isList(data['configuration']) ? data['configuration'].filter(isDocument) : [];
      return {
        ...current,
        ...Object.fromEntries(items.map((item) => [textOf(item['name']), item])),
      };
    }),
  },
  'tasks.add_or_update_model': {
    minVersion: '2.13',
    handle: editField('models', (_, models) => models),
  },
  'tasks.make_public': {
    minVersion: '2.9',
    handle(call, server) {
      const asked = listOf(call.data['ids']);
      for (const id of asked) {
        const task = writableTask({ ...call, data: { task: id } }, server);
        const changes = { company: '', company_origin: task.company };
        store(task, changes, call, server, { lastUpdate: false });
      }
      return { updated: asked.length };
    },
  },
};
