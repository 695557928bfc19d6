import { clusterOf } from '../cluster_of.ts';
import { runChecks } from '../command.ts';
import { clearmlChecks } from './clearml_checks.ts';
import { clusterChecks } from './cluster_checks.ts';
import { lookAtCluster } from './look.ts';
import { nameChecks } from './name_checks.ts';

const HELP = `npm run doctor -- --stack NAME

Looks, before pulumi up, at what could go wrong: config, cluster, platform, rights, classes, CRDs, what exists
already, certificate, names, ports, ClearML, DNS. Changes nothing.`;

await runChecks(HELP, async (written) => {
  const cluster = clusterOf(written);
  const look = await lookAtCluster(written, cluster.kubeConfig);
  const { config } = look;
  return [
    ...clusterChecks(look, cluster),
    ...clearmlChecks(config, cluster.reader),
    ...nameChecks(config),
  ];
});
