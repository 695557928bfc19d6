import { join } from 'node:path';
import { API_SERVER_PORT } from '../certificates/kubeconfig.ts';
import type { Setup } from '../setup.ts';

const ETCD = 'http://127.0.0.1:2379';

/** etcd and the API server. Both are young at every start and need no safety of their data: nothing is synced to disk. */
export async function startApiServer(setup: Setup): Promise<void> {
  const { daemons, directory, tools, networks, pki } = setup;
  await daemons.start('etcd', [
    tools.etcd.path,
    `--data-dir=${join(directory, 'etcd')}`,
    '--unsafe-no-fsync',
    `--listen-client-urls=${ETCD}`,
    `--advertise-client-urls=${ETCD}`,
    '--listen-peer-urls=http://127.0.0.1:2380',
  ]);
  await daemons.start('kube-apiserver', [
    tools.kubeApiserver.path,
    `--etcd-servers=${ETCD}`,
    `--advertise-address=${networks.nodeAddress}`,
    `--secure-port=${API_SERVER_PORT}`,
    `--service-cluster-ip-range=${networks.services}`,
    `--client-ca-file=${pki.certificateAuthority}`,
    `--tls-cert-file=${pki.apiServer.certificate}`,
    `--tls-private-key-file=${pki.apiServer.key}`,
    `--kubelet-client-certificate=${pki.kubeletClient.certificate}`,
    `--kubelet-client-key=${pki.kubeletClient.key}`,
    '--kubelet-preferred-address-types=InternalIP',
    `--token-auth-file=${pki.tokenFile}`,
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${pki.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${pki.serviceAccountKey}`,
    `--cert-dir=${join(directory, 'pki')}`,
  ]);
}

/** The controller manager and the scheduler, each as itself in the eyes of RBAC. */
export async function startControllers(setup: Setup): Promise<void> {
  const { daemons, directory, tools, networks, pki, kubeconfigs } = setup;
  const podPrefix = networks.pods.split('/')[1] ?? '';
  await daemons.start('kube-controller-manager', [
    tools.kubeControllerManager.path,
    `--kubeconfig=${kubeconfigs.controllerManager}`,
    `--service-account-private-key-file=${pki.serviceAccountKey}`,
    `--root-ca-file=${pki.certificateAuthority}`,
    '--use-service-account-credentials=true',
    '--allocate-node-cidrs=true',
    `--cluster-cidr=${networks.pods}`,
    // The one node has all of the pods' network.
    `--node-cidr-mask-size=${podPrefix}`,
    '--leader-elect=false',
    `--cert-dir=${join(directory, 'pki')}`,
  ]);
  await daemons.start('kube-scheduler', [
    tools.kubeScheduler.path,
    `--kubeconfig=${kubeconfigs.scheduler}`,
    '--leader-elect=false',
    `--cert-dir=${join(directory, 'pki')}`,
  ]);
}
