import { randomUUID } from 'node:crypto';
import { apiError } from '../api_error.ts';
import { text, type Call, type Server, type Service } from '../call.ts';
import { timestamp } from '../clock.ts';
import {
  joined,
  checkOrder,
  ordered,
  plainFields,
  projected,
  readPage,
  readProjection,
  type References,
} from '../queries/listing.ts';
import { readFilters } from '../queries/query.ts';
import type { QueueRecord } from '../records.ts';

const FIELDS = plainFields([
  'id',
  'name',
  'display_name',
  'company',
  'created',
  'tags',
  'system_tags',
  'entries',
  'last_update',
  'metadata',
]);
const FILTERS = { list: ['tags', 'system_tags', 'id'], date: [], range: [], pattern: ['name'] };

function visibleQueues(call: Call, server: Server): readonly QueueRecord[] {
  const { company } = call.caller.identity;
  checkOrder(call.data['order_by'], FIELDS);
  const test = readFilters(call.data, FILTERS);
  const queues = [...server.state.queues.values()].filter(
    (queue) => queue.company === company && test(queue),
  );
  const { start, size } = readPage(call.data);
  return ordered(queues, call.data['order_by']).slice(start, start + size);
}

/** A queue of the caller's company; 400/701 where it is none. */
export function queueOf(company: string, id: string, server: Server): QueueRecord {
  const queue = server.state.queues.get(id);
  if (queue === undefined || queue.company !== company) {
    throw apiError('invalid_queue_id', undefined, { id, company });
  }
  return queue;
}

export function createQueue(name: string, company: string, server: Server): QueueRecord {
  for (const queue of server.state.queues.values()) {
    if (queue.name === name && queue.company === company) {
      throw apiError('expected_unique_data', undefined, { name, company });
    }
  }
  if (name.trim().length < 3) throw apiError('data_validation_error', undefined, { name });
  const id = randomUUID().replaceAll('-', '');
  const now = timestamp(server.clock.now());
  const queue = { id, name, company, created: now, tags: [], system_tags: [], entries: [] };
  server.state.queues.set(id, queue);
  return queue;
}

function references(server: Server): References {
  return { company: (id) => server.state.companies.get(id) };
}

export const queues: Service = {
  'queues.get_by_id': {
    minVersion: '2.4',
    handle: (call, server) => ({
      queue: queueOf(call.caller.identity.company, text(call.data, 'queue'), server),
    }),
  },
  'queues.get_all': {
    minVersion: '2.4',
    handle(call, server) {
      const projection = readProjection(call.data, FIELDS);
      return { queues: visibleQueues(call, server).map((q) => projected(q, projection)) };
    },
  },
  'queues.get_all_ex': {
    minVersion: '2.4',
    handle(call, server) {
      const projection = readProjection(call.data, FIELDS);
      return {
        queues: visibleQueues(call, server).map((q) => joined(q, projection, references(server))),
      };
    },
  },
  'queues.create': {
    minVersion: '2.4',
    handle: (call, server) => ({
      id: createQueue(text(call.data, 'name'), call.caller.identity.company, server).id,
    }),
  },
  'queues.update': {
    minVersion: '2.4',
    handle(call, server) {
      const queue = queueOf(call.caller.identity.company, text(call.data, 'queue'), server);
      const name = text(call.data, 'name');
      server.state.queues.set(queue.id, { ...queue, name });
      return { updated: 1, fields: { name } };
    },
  },
  'queues.delete': {
    minVersion: '2.4',
    handle(call, server) {
      const queue = queueOf(call.caller.identity.company, text(call.data, 'queue'), server);
      server.state.queues.delete(queue.id);
      return { deleted: 1 };
    },
  },
};
