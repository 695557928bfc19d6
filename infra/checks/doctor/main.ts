import { clusterOf } from '../cluster_of.ts';
import { runChecks } from '../command.ts';
import { clearmlChecks } from './clearml_checks.ts';
import { clusterChecks } from './cluster_checks.ts';
import { nameChecks } from './name_checks.ts';

const HELP = `npm run doctor -- --stack NAME

Looks, before pulumi up, at what could go wrong: config, cluster, rights, classes, CRDs, what exists
already, certificate, names, ports, ClearML, DNS. Changes nothing.`;

await runChecks(HELP, (config) => {
  const cluster = clusterOf(config);
  return [
    ...clusterChecks(config, cluster),
    ...clearmlChecks(config, cluster.reader),
    ...nameChecks(config),
  ];
});
