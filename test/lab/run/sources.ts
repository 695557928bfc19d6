import type { AbsentTool, Tool, Tools } from '../tools/tool.ts';

const WORDS: Readonly<Record<Tool['source'], string>> = {
  PATH: 'from the PATH',
  installed: 'installed for this user',
  download: 'downloaded from its maker',
  built: 'built from its Go module',
  cache: 'from the cache of an earlier run',
};

function line(what: string, tool: Tool | AbsentTool, otherwise: string): string {
  return 'path' in tool
    ? `${what} ${tool.version}, ${WORDS[tool.source]}`
    : `${what}: ${otherwise} (${tool.reason.split('\n', 1)[0]})`;
}

/** Which source each tool came from, a line each. */
export function sourceLines(tools: Tools): readonly string[] {
  const { pulumi, languageHost, kubernetesProvider, cluster } = tools;
  return [
    line('Pulumi CLI', pulumi, 'none'),
    line(
      'Pulumi language host',
      languageHost,
      'none; the program runs inside of this process, through the Automation API',
    ),
    line(
      'Kubernetes provider',
      kubernetesProvider,
      'none; a stand-in takes its place, test/lab/provider',
    ),
    ...(cluster === undefined
      ? []
      : [
          line('Kubernetes', cluster.kubeApiserver, 'none'),
          line('etcd', cluster.etcd, 'none'),
          line('containerd', cluster.containerd, 'none'),
          line('Traefik', cluster.ingressController, 'none; HTTP goes through a Service'),
        ]),
  ];
}
