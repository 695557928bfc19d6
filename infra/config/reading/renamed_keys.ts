/** Shares of one user, task and address, which lay beside the totals before 0.3.0. */
const SHARES = [
  'connections.perAddress',
  ...['perUser', 'perTask', 'perAddress'].flatMap((share) => [
    `requests.${share}`,
    `webSockets.${share}`,
  ]),
];

/**
 * Keys of the vendor's values files, all three generations of them, and of our own earlier versions, that go by another name here:
 * from what to what. `infra/import_values` moves them; a stack that uses one is told the new name.
 */
export const RENAMED_KEYS: Readonly<Record<string, string>> = {
  'clearml.apiserverKey': 'clearml.apiServerKey',
  'clearml.apiserverSecret': 'clearml.apiServerSecret',
  'clearml.apiserverUrlReference': 'clearml.apiServerUrlReference',
  'clearml.apiKey': 'clearml.apiServerKey',
  'clearml.apiSecret': 'clearml.apiServerSecret',
  'clearml.apiServerUrl': 'clearml.apiServerUrlReference',
  'clearml.jwksSecret': 'clearml.jwksKey',
  'customCertificates.overrideCaCertificatesCrt': 'clearml.caCertificates',
  externalURL: 'ingress.hostName',
  fullnameOverride: 'router.name',
  'imageCredentials.existingSecret': 'imageCredentials.existingImagePullSecrets',
  imagePullSecrets: 'imageCredentials.existingImagePullSecrets',
  'ingress.hostname': 'ingress.hostName',
  'ingress.ingressClassName': 'ingress.className',
  nameOverride: 'router.name',
  replicaCount: 'availability.replicas',
  resources: 'pod.resources',
  nodeSelector: 'pod.nodeSelector',
  tolerations: 'pod.tolerations',
  affinity: 'pod.affinity',
  priorityClassName: 'pod.priorityClassName',
  extraVolumes: 'pod.volumes',
  'router.extraVolumeMounts': 'pod.volumeMounts',
  'router.extraEnvs': 'pod.env',
  'router.resources': 'pod.resources',
  'router.nodeSelector': 'pod.nodeSelector',
  'router.tolerations': 'pod.tolerations',
  'router.affinity': 'pod.affinity',
  'router.replicas': 'availability.replicas',
  'router.replicaCount': 'availability.replicas',
  streamSession: 'tcpSession',
  ...Object.fromEntries(
    SHARES.map((key) => [`router.limits.${key}`, `router.limits.advanced.${key}`]),
  ),
};
