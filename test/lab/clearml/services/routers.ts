import type { Service } from '../call.ts';

/** Static routes, which only enterprise servers know. The name of the question is a regular expression. */
export const routers: Service = {
  'routers.get_routes': {
    enterprise: true,
    handle(call, { state }) {
      const { name } = call.data;
      const pattern = typeof name === 'string' ? new RegExp(name, 'u') : undefined;
      return { routes: state.routes.filter((route) => pattern?.test(route.name) ?? true) };
    },
  },
};
