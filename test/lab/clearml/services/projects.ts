import { randomUUID } from 'node:crypto';
import { apiError } from '../api_error.ts';
import { optionalText, text, type Call, type Server, type Service } from '../call.ts';
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
import type { ProjectRecord } from '../records.ts';

const FIELDS = plainFields([
  'id',
  'name',
  'basename',
  'description',
  'company',
  'user',
  'created',
  'last_update',
  'tags',
  'system_tags',
  'default_output_destination',
  'parent',
]);
const FILTERS = {
  list: ['tags', 'system_tags', 'id', 'parent'],
  date: [],
  range: ['last_update'],
  pattern: ['name', 'basename', 'description'],
};

function visibleProjects(call: Call, server: Server): readonly ProjectRecord[] {
  const { company } = call.caller.identity;
  checkOrder(call.data['order_by'], FIELDS);
  const test = readFilters(call.data, FILTERS);
  const projects = [...server.state.projects.values()].filter(
    (project) => (project.company === company || project.company === '') && test(project),
  );
  const { start, size } = readPage(call.data);
  return ordered(projects, call.data['order_by']).slice(start, start + size);
}

function references(server: Server): References {
  return {
    company: (id) => server.state.companies.get(id),
    user: (id) => server.state.account(id)?.user,
  };
}

export const projects: Service = {
  'projects.get_by_id': {
    handle(call, server) {
      const id = text(call.data, 'project');
      const project = server.state.projects.get(id);
      const { company } = call.caller.identity;
      if (project === undefined || (project.company !== company && project.company !== '')) {
        throw apiError('invalid_project_id', undefined, { id });
      }
      return { project };
    },
  },
  'projects.get_all': {
    handle(call, server) {
      const projection = readProjection(call.data, FIELDS);
      return { projects: visibleProjects(call, server).map((p) => projected(p, projection)) };
    },
  },
  'projects.get_all_ex': {
    handle(call, server) {
      const projection = readProjection(call.data, FIELDS);
      return {
        projects: visibleProjects(call, server).map((p) =>
          joined(p, projection, references(server)),
        ),
      };
    },
  },
  'projects.create': {
    handle(call, server) {
      const name = text(call.data, 'name');
      const { user, company } = call.caller.identity;
      for (const project of server.state.projects.values()) {
        if (project.name === name && project.company === company) {
          throw apiError('expected_unique_data', undefined, { name, company });
        }
      }
      const id = randomUUID().replaceAll('-', '');
      const now = timestamp(server.clock.now());
      server.state.projects.set(id, {
        id,
        name,
        basename: name.split('/').at(-1) ?? name,
        description: optionalText(call.data, 'description') ?? '',
        company,
        user,
        created: now,
        last_update: now,
        tags: call.data['tags'] ?? [],
        system_tags: call.data['system_tags'] ?? [],
      });
      return { id };
    },
  },
};
