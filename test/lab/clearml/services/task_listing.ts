import { apiError } from '../api_error.ts';
import type { Call, Server, Service } from '../call.ts';
import { isList, without, type Document } from '../document.ts';
import {
  checkOrder,
  joined,
  ordered,
  projected,
  readPage,
  readProjection,
  type References,
} from '../queries/listing.ts';
import { readFilters } from '../queries/query.ts';
import type { TaskRecord } from '../records.ts';
import { TASK_FIELDS, TASK_FILTERS, UNSHOWN_FIELDS } from './task_fields.ts';
import { mayRead, readableTask } from './task_access.ts';

/** Tasks with this system tag are listed only where an id or `search_hidden` asks for them. */
const HIDDEN_TAG = 'hidden';

/** What a question may differ in and still select the same tasks. */
const PRESENTATION = ['page', 'page_size', 'only_fields', 'projection', 'scroll_id', 'size'];

interface Selection {
  readonly version: number;
  readonly tasks: readonly TaskRecord[];
}

/** The last selections, so that the further pages of one question are cut from one result. */
const selections = new WeakMap<Server, Map<string, Selection>>();

function select(call: Call, server: Server, allowPublic: boolean): readonly TaskRecord[] {
  const question = without(call.data, PRESENTATION);
  const { user, role, company } = call.caller.identity;
  const key = JSON.stringify([company, user, role, allowPublic, question]);
  const known = selections.get(server) ?? new Map<string, Selection>();
  selections.set(server, known);
  const found = known.get(key);
  if (found?.version === server.state.version) return found.tasks;
  const tasks = ordered(candidates(question, call, server, allowPublic), question['order_by']);
  if (known.size > 50) known.clear();
  known.set(key, { version: server.state.version, tasks });
  return tasks;
}

function candidates(
  question: Document,
  call: Call,
  server: Server,
  allowPublic: boolean,
): readonly TaskRecord[] {
  const asked = question['id'];
  const byId =
    asked !== undefined && asked !== null && asked !== '' && !(isList(asked) && asked.length === 0);
  const showHidden = byId || question['search_hidden'] === true;
  checkOrder(question['order_by'], TASK_FIELDS);
  const matches = readFilters(question, TASK_FILTERS);
  const selected: TaskRecord[] = [];
  for (const task of pool(asked, server)) {
    if (!mayRead(task, call, server) || (!allowPublic && task.company === '')) continue;
    if (!showHidden && task.system_tags.includes(HIDDEN_TAG)) continue;
    if (matches(task)) selected.push(task);
  }
  return selected;
}

/** Where a list names plain ids, only these are looked at. */
function pool(asked: unknown, server: Server): Iterable<TaskRecord> {
  const list = typeof asked === 'string' ? [asked] : asked;
  if (!Array.isArray(list) || list.length === 0) return server.state.tasks();
  const plain = list.every((id) => typeof id === 'string' && !/^(?:-|__\$)/.test(id));
  if (!plain) return server.state.tasks();
  return [...new Set(list.map(String))].flatMap((id) => {
    const task = server.state.task(id);
    return task === undefined ? [] : [task];
  });
}

function references(server: Server): References {
  return {
    company: (id) => server.state.companies.get(id),
    user: (id) => server.state.account(id)?.user,
    project: (id) => server.state.projects.get(id),
    parent: (id) => server.state.task(id),
    'execution.queue': (id) => server.state.queues.get(id),
  };
}

function answer(
  call: Call,
  server: Server,
  allowPublic: boolean,
  show: (task: TaskRecord) => Document,
): Document {
  const tasks = select(call, server, allowPublic);
  if ('scroll_id' in call.data) return scrolled(call, tasks, show);
  const { start, size } = readPage(call.data);
  return { tasks: tasks.slice(start, start + size).map(show) };
}

/** A scroll's id here is the position that it stands at. */
function scrolled(
  call: Call,
  tasks: readonly TaskRecord[],
  show: (task: TaskRecord) => Document,
): Document {
  const { scroll_id: scroll, size } = call.data;
  if (typeof size !== 'number' || size < 1) {
    throw apiError(
      'validation_error',
      'Integer size parameter greater than 1 should be provided when working with scroll',
    );
  }
  const start = typeof scroll === 'string' ? Number.parseInt(scroll, 10) || 0 : 0;
  const shown = tasks.slice(start, start + size);
  return { tasks: shown.map(show), scroll_id: String(start + shown.length) };
}

function shownPlain(call: Call): (task: TaskRecord) => Document {
  const projection = readProjection(call.data, TASK_FIELDS);
  const exclude = [...projection.exclude, ...UNSHOWN_FIELDS];
  return (task) =>
    projected(task, projection.include.length > 0 ? projection : { include: [], exclude });
}

function shownJoined(call: Call, server: Server): (task: TaskRecord) => Document {
  const projection = readProjection(call.data, TASK_FIELDS);
  const exclude = [...projection.exclude, ...UNSHOWN_FIELDS];
  const lookUps = references(server);
  return (task) =>
    joined(task, projection.include.length > 0 ? projection : { include: [], exclude }, lookUps);
}

export const taskListing: Service = {
  'tasks.get_by_id': {
    handle: (call, server) => ({
      task: projected(readableTask(call, server), { include: [], exclude: UNSHOWN_FIELDS }),
    }),
  },
  'tasks.get_by_id_ex': {
    handle(call, server) {
      if (!('id' in call.data)) {
        throw apiError('missing_required_fields', undefined, { missing: ['id'] });
      }
      return answer(call, server, true, shownJoined(call, server));
    },
  },
  'tasks.get_all': {
    handle: (call, server) => answer(call, server, true, shownPlain(call)),
  },
  'tasks.get_all_ex': {
    handle: (call, server) =>
      answer(call, server, call.data['allow_public'] !== false, shownJoined(call, server)),
  },
};
