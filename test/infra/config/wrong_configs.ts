import { smallest } from '../stacks.ts';
import { type WrongConfig, wrongValues } from './wrong_values.ts';

const { clearml, ingress } = smallest;

/** One or more for each rule of the config. */
export const wrongConfigs: readonly WrongConfig[] = [
  {
    name: 'an empty stack: everything that is required, each with how to give it',
    config: {},
    expected: [
      'clearml.apiServerUrlReference: expected a URL such as https://api.clearml.example.com, found nothing',
      'clearml.apiServerKey: missing; set it with: pulumi config set --secret --path clearml.apiServerKey',
      'clearml.apiServerSecret: missing; set it with: pulumi config set --secret --path clearml.apiServerSecret',
      'clearml.jwksKey: missing; set it with: pulumi config set --secret --path clearml.jwksKey',
      'ingress.hostName: expected a host such as task-router.example.com, with or without https://, found nothing',
      'kubernetes.context: missing; name the cluster, so that no other is changed by accident: pulumi config set --path kubernetes.context NAME (kubectl config get-contexts lists them)',
    ],
  },
  {
    name: 'a misspelt key, with the one that was meant',
    config: { ...smallest, ingress: { ...ingress, host_name: 'x' } },
    expected: ['ingress.host_name: unknown key; did you mean hostName?'],
  },
  {
    name: 'a misspelt key that is required, once',
    config: { ...smallest, kubernetes: { contxt: 'test' } },
    expected: ['kubernetes.contxt: unknown key; did you mean context?'],
  },
  {
    name: 'a section and a key of another name that are required, once, beside what is missing all the same',
    config: {
      clearml: { ...clearml, apiServerKey: undefined, apiKey: 'SECRET', jwksKey: undefined },
      ingres: ingress,
      kubernetes: { context: 'test' },
    },
    expected: [
      'clearml.apiKey: now called clearml.apiServerKey',
      'clearml.jwksKey: missing; set it with: pulumi config set --secret --path clearml.jwksKey',
      'ingres: unknown key; did you mean ingress?',
    ],
  },
  {
    name: 'a name of a router that begins as no Service can',
    config: { ...smallest, router: { name: '2nd-router' } },
    expected: [
      'router.name: expected lower-case letters, digits and "-", beginning with a letter and not ending with "-", found "2nd-router"',
    ],
  },
  {
    name: 'an image by a digest that is cut off',
    config: { ...smallest, router: { image: 'node:24-alpine@sha256:0a1b' } },
    expected: [
      'router.image: expected a digest as sha256 and 64 hexadecimal digits, found "node:24-alpine@sha256:0a1b"',
    ],
  },
  {
    name: 'a name of a router that ends as no Service can',
    config: { ...smallest, router: { name: 'router-' } },
    expected: [
      'router.name: expected lower-case letters, digits and "-", beginning with a letter and not ending with "-", found "router-"',
    ],
  },
  {
    name: 'networks beside a service tag of Azure, for HTTP and for TCP',
    config: {
      ...smallest,
      service: {
        type: 'LoadBalancer',
        annotations: {
          'service.beta.kubernetes.io/azure-allowed-service-tags': 'AzureFrontDoor.Backend',
        },
        loadBalancerSourceRanges: ['147.243.0.0/16'],
      },
      tcpSession: {
        portRange: { start: 20_000, end: 20_001 },
        service: {
          annotations: { 'service.beta.kubernetes.io/azure-allowed-ip-ranges': '203.0.113.0/24' },
          loadBalancerSourceRanges: ['203.0.113.0/24'],
        },
      },
    },
    expected: [
      'service.loadBalancerSourceRanges: nodes hold these, too, and drop what the annotation service.beta.kubernetes.io/azure-allowed-service-tags lets in; keep one of them, and name networks beside a tag by service.beta.kubernetes.io/azure-allowed-ip-ranges',
      'tcpSession.service.loadBalancerSourceRanges: nodes hold these, too, and drop what the annotation service.beta.kubernetes.io/azure-allowed-ip-ranges lets in; keep one of them, and name networks beside a tag by service.beta.kubernetes.io/azure-allowed-ip-ranges',
    ],
  },
  {
    name: 'a misspelt section',
    config: { ...smallest, tcpSesion: {} },
    expected: ['tcpSesion: unknown key; did you mean tcpSession?'],
  },
  {
    name: 'a key that nothing is like',
    config: { ...smallest, openshiftRoute: { zzzzzzzzzz: 1 } },
    expected: ['openshiftRoute.zzzzzzzzzz: unknown key; known are enabled, annotations'],
  },
  {
    name: 'a reversed port range',
    config: { ...smallest, tcpSession: { portRange: { start: 31_000, end: 30_000 } } },
    expected: ['tcpSession.portRange.start: the range is reversed: start 31000 is above end 30000'],
  },
  {
    name: 'a port range that is too long',
    config: { ...smallest, tcpSession: { portRange: { start: 20_000, end: 30_000 } } },
    expected: ['tcpSession.portRange.end: the range holds 10001 ports; 2048 are the limit'],
  },
  {
    name: 'a port that is none',
    config: { ...smallest, tcpSession: { portRange: { start: 0, end: '30000' } } },
    expected: [
      'tcpSession.portRange.start: expected a port from 1 to 65535, found 0',
      `tcpSession.portRange.end: expected a port from 1 to 65535, found "30000"; without the quotes: pulumi config rm --path tcpSession.portRange.end && pulumi config set --type int --path tcpSession.portRange.end 30000`,
    ],
  },
  {
    name: 'values in quotes, and keys that the shell would read',
    config: {
      ...smallest,
      clearml: { ...clearml, sslVerify: 'true' },
      ingress: { ...smallest.ingress, annotations: { 'a.b/c': true } },
      router: { taskNetworks: ['10.0.0.0/8', 7] },
    },
    expected: [
      'clearml.sslVerify: expected true or false, found "true"; without the quotes: pulumi config rm --path clearml.sslVerify && pulumi config set --type bool --path clearml.sslVerify true',
      `ingress.annotations.a.b/c: expected a text (use quotes), found true; as a text: pulumi config set --type string --path 'ingress.annotations["a.b/c"]' true`,
      'router.taskNetworks.1: expected a network such as 10.244.0.0/16, found 7',
    ],
  },
  {
    name: "the guide's placeholder of a URL",
    config: { ...smallest, clearml: { ...clearml, apiServerUrlReference: 'https://api.' } },
    expected: [
      'clearml.apiServerUrlReference: expected a complete URL such as https://api.clearml.example.com, found "https://api."',
    ],
  },
  {
    name: 'a placeholder in a secret, which is not quoted',
    config: { ...smallest, clearml: { ...clearml, jwksKey: '<jwks key>' } },
    expected: [
      "clearml.jwksKey: expected the key that signs ClearML's tokens, not a placeholder, found something else (not shown, since it is secret)",
    ],
  },
  {
    name: 'a section that is a text',
    config: { ...smallest, ingress: 'tasks.example.com' },
    expected: ['ingress: expected the settings of the Ingress, found "tasks.example.com"'],
  },
  {
    name: 'credentials twice',
    config: { ...smallest, clearml: { ...clearml, existingSecret: { name: 'router' } } },
    expected: ['apiServerKey', 'apiServerSecret', 'jwksKey'].map(
      (key) =>
        `clearml.${key}: given together with clearml.existingSecret, which holds it; remove one of them`,
    ),
  },
  {
    name: 'plain HTTP with a certificate',
    config: { ...smallest, ingress: { hostName: 'http://a.example.com', tlsSecretName: 'tls' } },
    expected: [
      'ingress.hostName: starts with http://, but ingress.tlsSecretName is set; write it without a scheme',
    ],
  },
  {
    name: "keys of the vendor's other values files, with their names here",
    config: {
      ...smallest,
      clearml: { ...clearml, apiKey: 'SECRET' },
      streamSession: {},
      router: { replicas: 2 },
    },
    expected: [
      'clearml.apiKey: now called clearml.apiServerKey',
      'router.replicas: now called availability.replicas',
      'streamSession: now called tcpSession',
    ],
  },
  {
    name: 'a key in the wrong section',
    config: { ...smallest, router: { runAsUser: 7 } },
    expected: ['router.runAsUser: unknown key here; did you mean pod.runAsUser?'],
  },
  {
    name: 'keys that other sections have in a group or in a list, which are not what is meant',
    config: {
      ...smallest,
      openshiftRoute: { kind: 'Route', patch: {} },
      router: { existingSecret: { name: 'router', runAsUser: 7, cost: 1 } },
    },
    expected: [
      'openshiftRoute.kind: unknown key; known are enabled, annotations',
      'openshiftRoute.patch: unknown key; known are enabled, annotations',
      'router.existingSecret.runAsUser: unknown key; known are name, key',
      'router.existingSecret.cost: unknown key; known are name, key',
    ],
  },
  {
    name: 'two exposures',
    config: {
      ...smallest,
      ingress: { ...ingress, enabled: true },
      openshiftRoute: { enabled: true },
    },
    expected: [
      'ingress.enabled: several exposures are on (ingress.enabled, openshiftRoute.enabled); keep exactly one',
    ],
  },
  {
    name: 'a route without a Gateway',
    config: { ...smallest, gateway: { enabled: true } },
    expected: [
      'gateway.parentRefs: missing; name the Gateway that carries the route: parentRefs: [{name: NAME}]',
    ],
  },
  {
    name: 'two certificates',
    config: {
      ...smallest,
      ingress: { hostName: 'a.example.com', tlsSecretName: 'tls' },
      tls: { issuer: { name: 'letsencrypt' } },
    },
    expected: [
      'ingress.tlsSecretName: several certificates are given (ingress.tlsSecretName, tls.issuer); keep one',
    ],
  },
  {
    name: 'a certificate without its key',
    config: { ...smallest, tls: { certificate: '-----BEGIN CERTIFICATE-----' } },
    expected: ['tls.privateKey: missing; a certificate and its private key are given together'],
  },
  {
    name: 'a certificate where TLS ends elsewhere',
    config: { ...smallest, service: { type: 'LoadBalancer' }, tls: { issuer: { name: 'a' } } },
    expected: [
      'tls.issuer: TLS ends in front of the Service, which has none; remove this, and write ingress.hostName with https:// if it does',
    ],
  },
  {
    name: 'an issuer for plain HTTP',
    config: { ...smallest, ingress: { hostName: 'http://a.b' }, tls: { issuer: { name: 'a' } } },
    expected: ['tls.issuer: has no effect while ingress.hostName starts with http://'],
  },
  {
    name: 'a wildcard domain that contains the host of the router',
    config: {
      ...smallest,
      ingress: { hostName: 'tasks.example.com', wildcardHost: 'example.com' },
    },
    expected: [
      'ingress.wildcardHost: an endpoint could take the host of ingress.hostName (tasks.example.com), which lies below it; choose another domain',
    ],
  },
  {
    name: 'pages on the host of the router',
    config: {
      ...smallest,
      ingress: { hostName: 'tasks.example.com', pagesHostName: 'tasks.example.com' },
    },
    expected: [
      'ingress.pagesHostName: this is the host of ingress.hostName itself (tasks.example.com); give the pages another',
    ],
  },
  {
    name: 'pages among the hosts of endpoints, and a route on the host of pages',
    config: {
      ...smallest,
      ingress: {
        hostName: 'tasks.example.com',
        pagesHostName: 'pages.t.example.com',
        wildcardHost: 't.example.com',
      },
      router: { staticRoutes: [{ name: 'x', type: 'subdomain', host: 'pages.t.example.com' }] },
    },
    expected: [
      'ingress.pagesHostName: an endpoint could take it, for it lies below ingress.wildcardHost (t.example.com)',
      'router.staticRoutes.0.host: this is the host of ingress.pagesHostName itself (pages.t.example.com); give the route another',
    ],
  },
  {
    name: 'people of a static route without a list, and a list without people',
    config: {
      ...smallest,
      router: {
        staticRoutes: [
          { name: 'a', type: 'path', path: 'a', access: 'people' },
          { name: 'b', type: 'path', path: 'b', access: 'people', people: [] },
          { name: 'c', type: 'path', path: 'c', people: ['jane'] },
        ],
      },
    },
    expected: [
      'router.staticRoutes.0.people: names nobody: list the users whom `access: people` lets in',
      'router.staticRoutes.1.people: names nobody: list the users whom `access: people` lets in',
      'router.staticRoutes.2.people: given, but access is visible, which looks at no list: remove it, or set access to people',
    ],
  },
  {
    name: 'a node port of a Service that has none',
    config: { ...smallest, service: { nodePort: 30_080 } },
    expected: [
      'service.nodePort: has no effect with service.type ClusterIP; set service.type NodePort or remove it',
    ],
  },
  {
    name: 'TCP on node ports outside of their range and without an address',
    config: {
      ...smallest,
      tcpSession: {
        portRange: { start: 20_000, end: 20_001 },
        service: { type: 'NodePort', nodePortRange: { start: 25_000, end: 25_999 } },
      },
    },
    expected: [
      'tcpSession.routerAddress: missing; with tcpSession.service.type NodePort nothing tells the address that users connect to',
      'tcpSession.portRange: lies outside of the node ports, 25000 to 25999, which tcpSession.service.type NodePort uses',
    ],
  },
  {
    name: 'node ports of a cluster for a Service that names none',
    config: {
      ...smallest,
      tcpSession: {
        portRange: { start: 20_000, end: 20_001 },
        service: { nodePortRange: { start: 25_000, end: 25_999 } },
      },
    },
    expected: [
      'tcpSession.service.nodePortRange: has no effect with tcpSession.service.type LoadBalancer; remove it',
    ],
  },
  {
    name: 'node ports of a cluster that are no range',
    config: {
      ...smallest,
      tcpSession: {
        routerAddress: 'node.example.com',
        portRange: { start: 20_000, end: 20_001 },
        service: { type: 'NodePort', nodePortRange: '25000-25999' },
      },
    },
    expected: [
      'tcpSession.service.nodePortRange: expected the node ports of the cluster: start and end, found "25000-25999"',
    ],
  },
  {
    name: 'more rules than a security group has',
    config: {
      ...smallest,
      tcpSession: {
        portRange: { start: 20_000, end: 20_049 },
        service: {
          platform: 'aws-nlb',
          loadBalancerSourceRanges: ['203.0.113.0/24', '2001:db8::/32', '198.51.100.0/24'],
        },
      },
    },
    expected: [
      'tcpSession.service.loadBalancerSourceRanges: makes 100 rules of a security group (50 ports, 2 networks), and it has 60; name the ' +
        'networks in tcpSession.sourceRanges, which the router holds to with tcpSession.proxyProtocol, narrow the range, or name a ' +
        'security group of your own, with one rule for all ports, by the annotation ' +
        'service.beta.kubernetes.io/aws-load-balancer-security-groups (a prefix list counts as many rules as it may have entries)',
    ],
  },
  {
    name: 'more ports than the load balancer has',
    config: {
      ...smallest,
      tcpSession: { portRange: { start: 20_000, end: 20_050 }, service: { platform: 'aws-nlb' } },
    },
    expected: [
      'tcpSession.portRange: asks one load balancer for 51 ports, and it has 50; narrow the range, or have the quota raised and set tcpSession.service.maxPorts to the new one',
    ],
  },
  {
    name: 'a split range without the address that its Services share',
    config: {
      ...smallest,
      tcpSession: { portRange: { start: 20_000, end: 20_050 }, service: { portsPerService: 10 } },
    },
    expected: [
      'tcpSession.routerAddress: missing; tcpSession.service.portsPerService makes several Services, and users connect to one address: name the one that they share',
    ],
  },
  {
    name: 'several pods without an election',
    config: { ...smallest, availability: { replicas: 2, leaderElection: false } },
    expected: [
      'availability.leaderElection: is off, but there are several pods; two of them would hand out the same port',
    ],
  },
  {
    name: 'an autoscaler upside down',
    config: { ...smallest, availability: { autoscaling: { minReplicas: 4, maxReplicas: 3 } } },
    expected: ['availability.autoscaling.minReplicas: is above maxReplicas: 4 and 3'],
  },
  {
    name: 'a setting that a key decides on',
    config: {
      ...smallest,
      pod: {
        env: {
          ROUTER_URL: 'x',
          CLEARML_API_SECRET_KEY_FILE: 'y',
          CLEARML_CA_FILE: '/z',
          static_routes_file: '/z',
        },
      },
    },
    expected: [
      'pod.env.ROUTER_URL: set by ingress.hostName; use that',
      'pod.env.CLEARML_API_SECRET_KEY_FILE: set by clearml.apiServerSecret; use that',
      'pod.env.CLEARML_CA_FILE: set by clearml.caCertificates; use that',
      'pod.env.static_routes_file: set by router.staticRoutesConfigMap; use that',
    ],
  },
  {
    name: 'a default level of access that is wider than the widest',
    config: { ...smallest, router: { access: { default: 'visible', widest: 'people' } } },
    expected: [
      'router.access.default: is wider than router.access.widest (people), and the narrower of the two holds; make it people, or widen that',
    ],
  },
  {
    name: 'guests where owners may give nothing',
    config: { ...smallest, router: { access: { widest: 'owner', guests: true } } },
    expected: [
      'router.access.guests: has no effect: nobody may give anything while router.access.widest is owner; make that people or visible',
    ],
  },
  {
    name: 'ports for endpoints of a level that none may have',
    config: {
      ...smallest,
      router: { access: { widest: 'people' } },
      tcpSession: { portRange: { start: 20_000, end: 20_001 }, onlyVisible: true },
    },
    expected: [
      'tcpSession.onlyVisible: leaves every port unused: router.access.widest is people; remove tcpSession, or make that visible',
    ],
  },
  {
    name: 'ports of own tasks where nobody knows whose pod is whose',
    config: { ...smallest, router: { ownPorts: true } },
    expected: [
      'router.ownPorts: opens nothing: whose pod is whose only router.verifyPods tells; set it',
    ],
  },
  {
    name: 'guests where links are kept nowhere',
    config: {
      ...smallest,
      router: { access: { guests: true } },
      availability: { leaderElection: false },
    },
    expected: [
      'router.access.guests: has no effect: links are kept in a ConfigMap beside the Lease, and availability.leaderElection is false; switch that on',
    ],
  },
  {
    name: 'administrators that are no users',
    config: { ...smallest, router: { administrators: [7, 'a, b', ' '] } },
    expected: [
      `router.administrators.0: expected the id or the name of a user, found 7; as a text: pulumi config set --type string --path 'router.administrators[0]' 7`,
      'router.administrators.1: expected the id or the name of a user, without a comma, found "a, b"',
      'router.administrators.2: expected the id or the name of a user, without a comma, found " "',
    ],
  },
  {
    name: 'a setting that is no more',
    config: { ...smallest, pod: { env: { WORKERS: '1', WORKERS_FILE: 'y' } } },
    expected: ['pod.env.WORKERS', 'pod.env.WORKERS_FILE'].map(
      (key) =>
        `${key}: is no more: Kubernetes' replicas do this and survive the loss of one; remove it and set availability.replicas`,
    ),
  },
  {
    name: 'a proxy with credentials in its URL, which is not quoted, and half of them beside it',
    config: {
      ...smallest,
      clearml: { ...clearml, proxy: { url: 'http://me:SECRET@proxy.example.com', username: 'me' } },
    },
    expected: [
      'clearml.proxy.url: holds a user name or a password, which have no place in a URL; replace them at their source, since they were readable',
      'clearml.proxy.password: missing; set it with: pulumi config set --secret --path clearml.proxy.password',
    ],
  },
  {
    name: 'a proxy whose credentials are given twice, and exceptions that it would not understand',
    config: {
      ...smallest,
      clearml: {
        ...clearml,
        proxy: {
          url: 'http://proxy.example.com:3128',
          password: 'SECRET',
          existingSecret: { name: 'proxy' },
          noProxy: ['10.0.0.0/8'],
        },
      },
    },
    expected: [
      'clearml.proxy.noProxy.0: expected a host, a .domain, an address or a range such as 10.0.0.1-10.0.0.254; networks in CIDR form are not understood, found "10.0.0.0/8"',
      'clearml.proxy.password: given together with clearml.proxy.existingSecret, which holds it; remove one of them',
    ],
  },
  {
    name: "a proxy's password without its user name",
    config: {
      ...smallest,
      clearml: { ...clearml, proxy: { url: 'http://proxy.example.com', password: 'SECRET' } },
    },
    expected: ['clearml.proxy.username: missing; a user name and its password are given together'],
  },
  {
    name: 'two places for the CA certificates and for the key',
    config: {
      ...smallest,
      clearml: {
        ...clearml,
        serverSecret: {},
        caCertificates: '-----BEGIN CERTIFICATE-----',
        existingCaConfigMap: { name: 'ca' },
      },
    },
    expected: [
      'clearml.jwksKey: given together with clearml.serverSecret, which holds it; remove one of them',
      'clearml.caCertificates: given together with clearml.existingCaConfigMap; keep one',
    ],
  },
  {
    name: 'a setting without a key, with a value that the router would not take',
    config: { ...smallest, pod: { env: { POLL_INTERVAL: '2s', TZ: 'Europe/Berlin' } } },
    expected: [
      'pod.env.POLL_INTERVAL: expected seconds from 0.05 to 3600, fractions allowed, found "2s"',
    ],
  },
  {
    name: "the router's secret twice",
    config: {
      ...smallest,
      router: { secret: 'sixteen-characters', existingSecret: { name: 'router' } },
    },
    expected: [
      'router.secret: given together with router.existingSecret, which holds it; remove one of them',
    ],
  },
  {
    name: "a secret of the router that is too short, and one that is the name alone, without a rule's word on two wrong values",
    config: {
      ...smallest,
      router: { secret: 'sixteen-characters short', existingSecret: 'router' },
    },
    expected: [
      'router.secret: expected the key of what the router itself signs, 16 characters or more, found something else (not shown, since it is secret)',
      'router.existingSecret: expected the name and, where it differs, the key of a Secret, found "router"',
    ],
  },
  {
    name: 'static routes that are given twice',
    config: {
      ...smallest,
      router: {
        staticRoutesConfigMap: 'routes',
        staticRoutes: [{ name: 'a', type: 'path', path: 'a' }],
      },
    },
    expected: [
      'router.staticRoutes: given together with router.staticRoutesConfigMap, which holds them; remove one of them',
    ],
  },
  {
    name: 'static routes that are wrong',
    config: {
      ...smallest,
      router: {
        staticRoutes: [
          { name: 'a', type: 'path', path: 'service' },
          { name: 'b', type: 'subdomain', host: 'not a host' },
          { name: 'c', type: 'path', path: 'c', acces: 'public' },
          { name: 'd', type: 'path', path: 'client' },
          { name: 'e', type: 'path', path: 'share' },
        ],
      },
    },
    expected: [
      'router.staticRoutes.0.path: this path belongs to the router itself',
      'router.staticRoutes.1.host: expected a host name, such as chat.example.com, found "not a host"',
      'router.staticRoutes.2.acces: unknown key; did you mean access?',
      'router.staticRoutes.3.path: this path belongs to the router itself',
      'router.staticRoutes.4.path: this path belongs to the router itself',
    ],
  },
  {
    name: 'static routes of one name or one URL',
    config: {
      ...smallest,
      router: {
        staticRoutes: [
          { name: 'a', type: 'path', path: 'a' },
          { name: 'a', type: 'path', path: 'a' },
        ],
      },
    },
    expected: [
      'router.staticRoutes.1: name a is already that of the route 0',
      'router.staticRoutes.1: path a is already that of the route 0',
    ],
  },
  {
    name: "a static route of the router's own host",
    config: {
      ...smallest,
      router: {
        staticRoutes: [
          { name: 'a', type: 'subdomain', host: 'chat.example.com' },
          { name: 'b', type: 'subdomain', host: 'Tasks.example.com' },
        ],
      },
    },
    expected: [
      'router.staticRoutes.1.host: this is the host of ingress.hostName itself (tasks.example.com); give the route another',
    ],
  },
  {
    name: 'pods without their namespaces, and a name that none can have',
    config: { ...smallest, router: { verifyPods: { namespaces: [], namePrefix: '_' } } },
    expected: [
      'router.verifyPods.namespaces: expected at least one namespace, found a list',
      'router.verifyPods.namePrefix: expected the beginning of a name, found "_"',
    ],
  },
  {
    name: 'pods of the whole cluster and of a namespace, and a namespace that none can be',
    config: { ...smallest, router: { verifyPods: { namespaces: ['*', 'clearml'] } } },
    expected: [
      'router.verifyPods.namespaces: expected namespaces, or "*" alone for the whole cluster, found a list',
    ],
  },
  {
    name: 'pods of a namespace that can have no such name',
    config: { ...smallest, router: { verifyPods: { namespaces: ['team-*'], strict: 'yes' } } },
    expected: [
      'router.verifyPods.namespaces.0: expected lower-case letters, digits and "-", 63 at most, found "team-*"',
      'router.verifyPods.strict: expected true or false, found "yes"',
    ],
  },
  {
    name: 'the check of pods switched on by a word',
    config: { ...smallest, router: { verifyPods: true } },
    expected: ['router.verifyPods: expected the namespaces of the pods of tasks, found true'],
  },
  ...(
    [
      ['ingress.controller alb', { ingress: { ...ingress, controller: 'alb' } }],
      ['ingress.controller gke', { ingress: { ...ingress, controller: 'gke' } }],
      [
        'gateway.controller gke',
        { gateway: { enabled: true, controller: 'gke', parentRefs: [{ name: 'public' }] } },
      ],
      ['service.type LoadBalancer', { service: { type: 'LoadBalancer' } }],
      ['service.type NodePort', { service: { type: 'NodePort' } }],
    ] as const
  ).map(([cause, exposure]) => ({
    name: `a policy that lets in pods alone, with ${cause}`,
    config: { ...smallest, ...exposure, networkPolicy: { ingressNamespaces: ['ingress'] } },
    expected: [
      `networkPolicy.ingressNamespaces: keeps everybody out: with ${cause} HTTP comes from addresses outside of the cluster, not from pods; name their networks in networkPolicy.ingressNetworks, or remove this`,
    ],
  })),
  ...wrongValues,
];
