import { apiError } from '../api_error.ts';
import { text, type Call, type Server, type Service } from '../call.ts';
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
import type { UserRecord } from '../records.ts';

const FIELDS = plainFields([
  'id',
  'company',
  'name',
  'family_name',
  'given_name',
  'avatar',
  'created',
  'created_in_version',
  'preferences',
]);
const FILTERS = { list: ['id'], date: [], range: [], pattern: ['name'] };

function visibleUsers(call: Call, server: Server): readonly UserRecord[] {
  const { company } = call.caller.identity;
  checkOrder(call.data['order_by'], FIELDS);
  const test = readFilters(call.data, FILTERS);
  const users = [...server.state.accounts()]
    .map((account) => account.user)
    .filter((user) => user.company === company && test(user));
  const { start, size } = readPage(call.data);
  return ordered(users, call.data['order_by']).slice(start, start + size);
}

function references(server: Server): References {
  return { company: (id) => server.state.companies.get(id) };
}

export const users: Service = {
  'users.get_current_user': {
    handle(call, server) {
      const { user, role } = call.caller.identity;
      const account = server.state.account(user);
      if (account === undefined) throw apiError('invalid_user', 'failed loading user');
      const shown = joined(
        account.user,
        {
          include: [...FIELDS.keys(), 'company.name'].filter((field) => field !== 'company'),
          exclude: [],
        },
        references(server),
      );
      return {
        user: { ...shown, role },
        getting_started: null,
        settings: { max_download_items: 1000 },
      };
    },
  },
  'users.get_by_id': {
    handle(call, server) {
      const id = text(call.data, 'user');
      const { company, role } = call.caller.identity;
      const user = server.state.account(id)?.user;
      if (user === undefined || (role !== 'system' && user.company !== company)) {
        throw apiError('invalid_user_id', undefined, { id, company });
      }
      return { user };
    },
  },
  'users.get_all': {
    handle(call, server) {
      const projection = readProjection(call.data, FIELDS);
      return { users: visibleUsers(call, server).map((user) => projected(user, projection)) };
    },
  },
  'users.get_all_ex': {
    handle(call, server) {
      const projection = readProjection(call.data, FIELDS);
      return {
        users: visibleUsers(call, server).map((user) =>
          joined(user, projection, references(server)),
        ),
      };
    },
  },
  'users.get_preferences': { handle: () => ({ preferences: {} }) },
};
