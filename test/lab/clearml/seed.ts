import type { CompanyRecord, Credentials, Role, StaticRouteRecord } from './records.ts';

/** A user to start with. A user with a password can sign in by name, as the open-source server's fixed users. */
export interface SeedUser {
  readonly id: string;
  readonly name: string;
  readonly company: string;
  readonly role: Role;
  readonly username?: string;
  readonly password?: string;
  readonly credentials?: readonly Credentials[];
}

/** What a server holds when it starts. */
export interface Seed {
  readonly companies: readonly CompanyRecord[];
  readonly users: readonly SeedUser[];
  readonly queues?: readonly {
    readonly id: string;
    readonly name: string;
    readonly company: string;
  }[];
  readonly projects?: readonly {
    readonly id: string;
    readonly name: string;
    readonly company: string;
  }[];
  /** Enterprise only. */
  readonly routes?: readonly StaticRouteRecord[];
}

/** Ids of the default seed. */
export const ids = {
  companyA: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1',
  companyB: 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb1',
  admin: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaad01',
  alice: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaa1ce1',
  bob: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaab0b',
  router: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaf01',
  mallory: 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbad1',
  queueDefault: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaa001',
  queueGpu: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaa002',
  project: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaee1',
} as const;

/** Who can sign in to a server with the default seed. */
export type SeedUserName = 'admin' | 'alice' | 'bob' | 'router' | 'mallory';

/** Made up for the lab, printed by it, worth nothing elsewhere. */
export const credentials: Readonly<Record<SeedUserName, Credentials>> = {
  admin: { accessKey: 'LABADMINACCESSKEY000000000000', secretKey: 'lab-admin-secret' },
  alice: { accessKey: 'LABALICEACCESSKEY000000000000', secretKey: 'lab-alice-secret' },
  bob: { accessKey: 'LABBOBACCESSKEY00000000000000', secretKey: 'lab-bob-secret' },
  router: { accessKey: 'LABROUTERACCESSKEY00000000000', secretKey: 'lab-router-secret' },
  mallory: { accessKey: 'LABMALLORYACCESSKEY0000000000', secretKey: 'lab-mallory-secret' },
};

/** What an enterprise server starts with: company A with an administrator, alice, bob and the router's own user; B with mallory. */
export const defaultSeed: Seed = {
  companies: [
    { id: ids.companyA, name: 'Company A' },
    { id: ids.companyB, name: 'Company B' },
  ],
  users: [
    {
      id: ids.admin,
      name: 'Ada Admin',
      company: ids.companyA,
      role: 'admin',
      credentials: [credentials.admin],
    },
    {
      id: ids.alice,
      name: 'Alice Ångström',
      company: ids.companyA,
      role: 'user',
      username: 'alice',
      password: 'lab-alice-password',
      credentials: [credentials.alice],
    },
    {
      id: ids.bob,
      name: 'Bob',
      company: ids.companyA,
      role: 'user',
      username: 'bob',
      password: 'lab-bob-password',
      credentials: [credentials.bob],
    },
    {
      id: ids.router,
      name: 'Task Router',
      company: ids.companyA,
      role: 'admin',
      credentials: [credentials.router],
    },
    {
      id: ids.mallory,
      name: 'Mallory',
      company: ids.companyB,
      role: 'user',
      username: 'mallory',
      password: 'lab-mallory-password',
      credentials: [credentials.mallory],
    },
  ],
  queues: [
    { id: ids.queueDefault, name: 'default', company: ids.companyA },
    { id: ids.queueGpu, name: 'gpu', company: ids.companyA },
  ],
  projects: [{ id: ids.project, name: 'Lab', company: ids.companyA }],
  routes: [
    {
      id: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaa0c1',
      name: 'chat',
      type: 'path',
      enabled: true,
      status: 'not in use',
      load_balancer: { enabled: true },
    },
    {
      id: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaa0c2',
      name: 'off',
      type: 'path',
      enabled: false,
      status: 'not in use',
      load_balancer: { enabled: false },
    },
  ],
};

/** What an open-source server starts with: the same with company A alone, since such a server has one company. */
export const openSourceSeed: Seed = {
  ...defaultSeed,
  companies: defaultSeed.companies.filter(({ id }) => id === ids.companyA),
  users: defaultSeed.users.filter(({ company }) => company === ids.companyA),
};
