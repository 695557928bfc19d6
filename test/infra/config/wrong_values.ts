import { smallest } from '../stacks.ts';

/** A config that a stack may not have, and what it is told. */
export interface WrongConfig {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly expected: readonly string[];
}

const { clearml, ingress } = smallest;

/** Single values that are wrong, whatever the others are: section by section. */
export const wrongValues: readonly WrongConfig[] = [
  {
    name: 'texts in place of sections',
    config: {
      clearml: 'x',
      imageCredentials: 'x',
      ingress: 'x',
      tls: 'x',
      gateway: 'x',
      openshiftRoute: 'x',
      service: 'x',
      tcpSession: 'x',
      namespace: 'x',
      router: 'x',
      pod: 'x',
      availability: 'x',
      networkPolicy: 'x',
      monitoring: 'x',
      serviceAccount: 'x',
      commonLabels: 'x',
      commonAnnotations: 'x',
      extraObjects: 'x',
      transforms: 'x',
      kubernetes: 'x',
    },
    expected: [
      'clearml: expected the settings of the ClearML server, found "x"',
      'imageCredentials: expected credentials of an image registry, found "x"',
      'ingress: expected the settings of the Ingress, found "x"',
      'tls: expected the settings of TLS, found "x"',
      'gateway: expected the settings of the HTTPRoute, found "x"',
      'openshiftRoute: expected the settings of the Route, found "x"',
      'service: expected the settings of the HTTP Service, found "x"',
      'tcpSession: expected the settings of TCP sessions, found "x"',
      'namespace: expected the settings of the namespace, found "x"',
      'router: expected the settings of the router, found "x"',
      'pod: expected the settings of the pods, found "x"',
      'availability: expected the settings of availability, found "x"',
      'networkPolicy: expected the settings of the NetworkPolicy, found "x"',
      'monitoring: expected the settings of monitoring, found "x"',
      'serviceAccount: expected the settings of the service account, found "x"',
      'commonLabels: expected keys with texts, found "x"',
      'commonAnnotations: expected keys with texts, found "x"',
      'extraObjects: expected a list of manifests, found "x"',
      'transforms: expected a list of transforms, found "x"',
      'kubernetes: expected the cluster: its context, found "x"',
    ],
  },
  {
    name: 'wrong types in the section of ClearML',
    config: {
      ...smallest,
      clearml: {
        ...clearml,
        apiServerKey: 7,
        apiServerSecret: '',
        authCookieName: 7,
        sslVerify: 'yes',
        caCertificates: 7,
        webServerUrl: 7,
        existingCaConfigMap: 'ca',
        proxy: 'x',
      },
    },
    expected: [
      `clearml.apiServerKey: expected the access key of the router's ClearML account, found something else (not shown, since it is secret); as a text: pulumi config set --secret --path clearml.apiServerKey`,
      "clearml.apiServerSecret: expected the secret key of the router's ClearML account, found an empty text",
      `clearml.authCookieName: expected the name of a cookie, found 7; as a text: pulumi config set --type string --path clearml.authCookieName 7`,
      'clearml.sslVerify: expected true or false, found "yes"',
      'clearml.caCertificates: expected certificates in PEM form, found 7',
      'clearml.existingCaConfigMap: expected the name and the key of a ConfigMap, found "ca"',
      'clearml.webServerUrl: expected a URL such as https://api.clearml.example.com, found 7',
      'clearml.proxy: expected the settings of the outgoing proxy, found "x"',
    ],
  },
  {
    name: 'a cookie and certificates that are none',
    config: {
      ...smallest,
      clearml: {
        ...clearml,
        authCookieName: 'a b',
        caCertificates: 'x',
        existingCaConfigMap: { name: 'A', key: 'a/b' },
      },
    },
    expected: [
      'clearml.authCookieName: expected the name of a cookie, found "a b"',
      'clearml.caCertificates: expected certificates in PEM form, found "x"',
      'clearml.existingCaConfigMap.name: expected the name of a Kubernetes object: lower-case letters, digits, "-" and ".", found "A"',
      'clearml.existingCaConfigMap.key: expected a key of its data: letters, digits, "-", "_", ".", found "a/b"',
    ],
  },
  {
    name: 'existing Secrets by their names alone',
    config: {
      ...smallest,
      clearml: {
        apiServerUrlReference: clearml.apiServerUrlReference,
        existingSecret: 'credentials',
        serverSecret: 'clearml-conf',
        existingCaSecret: 'company-ca',
        proxy: { url: 'proxy', username: 7, existingSecret: 'proxy', noProxy: 'a' },
      },
    },
    expected: [
      'clearml.existingSecret: expected the name and, where they differ, the keys of a Secret, found "credentials"',
      'clearml.serverSecret: expected the Secret of a ClearML server in the same cluster, found "clearml-conf"',
      'clearml.existingCaSecret: expected the name and the key of a Secret with certificates, found "company-ca"',
      'clearml.proxy.url: expected a complete URL such as http://proxy.example.com:3128, found "proxy"',
      `clearml.proxy.username: expected a user name, found 7; as a text: pulumi config set --type string --path clearml.proxy.username 7`,
      'clearml.proxy.existingSecret: expected the name and, where they differ, the keys of a Secret, found "proxy"',
      'clearml.proxy.noProxy: expected a list of hosts, found "a"',
    ],
  },
  {
    name: 'the signing key in two Secrets',
    config: {
      ...smallest,
      clearml: {
        apiServerUrlReference: clearml.apiServerUrlReference,
        existingSecret: { name: 'credentials', jwksKeyKey: 7 },
        serverSecret: {},
      },
    },
    expected: [
      `clearml.existingSecret.jwksKeyKey: expected a key of its data, found 7; as a text: pulumi config set --type string --path clearml.existingSecret.jwksKeyKey 7`,
      'clearml.serverSecret: given together with clearml.existingSecret, which holds the key, too',
    ],
  },
  {
    name: 'wrong types in the settings of the proxy',
    config: {
      ...smallest,
      clearml: {
        ...clearml,
        proxy: { url: 'http://proxy', username: '', password: 7, noProxy: [7] },
      },
    },
    expected: [
      'clearml.proxy.username: expected a user name, found ""',
      `clearml.proxy.password: expected the password for the proxy, found something else (not shown, since it is secret); as a text: pulumi config set --secret --path clearml.proxy.password`,
      `clearml.proxy.noProxy.0: expected a host, a .domain or an address, found 7; as a text: pulumi config set --type string --path 'clearml.proxy.noProxy[0]' 7`,
    ],
  },
  {
    name: 'wrong types in the credentials of images',
    config: {
      ...smallest,
      imageCredentials: { registry: 7, username: 7, password: 7, existingImagePullSecrets: 'a' },
    },
    expected: [
      `imageCredentials.registry: expected the host of a registry, found 7; as a text: pulumi config set --type string --path imageCredentials.registry 7`,
      `imageCredentials.username: expected a user name, found 7; as a text: pulumi config set --type string --path imageCredentials.username 7`,
      `imageCredentials.password: expected the password or token for the registry, found something else (not shown, since it is secret); as a text: pulumi config set --secret --path imageCredentials.password`,
      'imageCredentials.existingImagePullSecrets: expected a list of names of Secrets, found "a"',
    ],
  },
  {
    name: 'empty credentials of images',
    config: {
      ...smallest,
      imageCredentials: {
        registry: ' ',
        username: ' ',
        password: 'changeme',
        existingImagePullSecrets: [7, 'A_B', 'a' + '.a'.repeat(127)],
      },
    },
    expected: [
      'imageCredentials.registry: expected the host of a registry, found " "',
      'imageCredentials.username: expected a user name, found " "',
      'imageCredentials.password: expected the password or token for the registry, not a placeholder, found something else (not shown, since it is secret)',
      `imageCredentials.existingImagePullSecrets.0: expected the name of a Kubernetes object, found 7; as a text: pulumi config set --type string --path 'imageCredentials.existingImagePullSecrets[0]' 7`,
      'imageCredentials.existingImagePullSecrets.1: expected the name of a Kubernetes object: lower-case letters, digits, "-" and ".", found "A_B"',
      'imageCredentials.existingImagePullSecrets.2: expected 253 characters at most, found "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.…',
    ],
  },
  {
    name: 'wrong types in the section of the Ingress',
    config: {
      ...smallest,
      ingress: {
        ...ingress,
        enabled: 'yes',
        wildcardHost: 7,
        pagesHostName: 7,
        className: 7,
        controller: 'envoy',
        annotations: [],
        tlsSecretName: 7,
        waitForAddress: 1,
      },
    },
    expected: [
      'ingress.enabled: expected true or false, found "yes"',
      `ingress.wildcardHost: expected a host name, found 7; as a text: pulumi config set --type string --path ingress.wildcardHost 7`,
      `ingress.pagesHostName: expected a host name, found 7; as a text: pulumi config set --type string --path ingress.pagesHostName 7`,
      `ingress.className: expected the name of a Kubernetes object, found 7; as a text: pulumi config set --type string --path ingress.className 7`,
      'ingress.controller: expected traefik, haproxy, nginx, nginx-f5, alb, gke, contour or other, found "envoy"',
      'ingress.annotations: expected keys with texts, found a list',
      `ingress.tlsSecretName: expected the name of a Kubernetes object, found 7; as a text: pulumi config set --type string --path ingress.tlsSecretName 7`,
      'ingress.waitForAddress: expected true or false, found 1',
    ],
  },
  {
    name: 'a wildcard domain with its star',
    config: {
      ...smallest,
      ingress: { ...ingress, wildcardHost: '*.tasks.example.com', annotations: { a: 1 } },
    },
    expected: [
      'ingress.wildcardHost: expected a host name such as tasks.example.com, found "*.tasks.example.com"',
      `ingress.annotations.a: expected a text (use quotes), found 1; as a text: pulumi config set --type string --path ingress.annotations.a 1`,
    ],
  },
  {
    name: 'wrong types in the section of TLS',
    config: { ...smallest, tls: { certificate: 7, privateKey: 7, issuer: 'letsencrypt' } },
    expected: [
      'tls.certificate: expected a certificate in PEM form, found 7',
      `tls.privateKey: expected the private key of tls.certificate, in PEM form, found something else (not shown, since it is secret); as a text: pulumi config set --secret --path tls.privateKey`,
      'tls.issuer: expected cert-manager\'s issuer: its name and kind, found "letsencrypt"',
    ],
  },
  {
    name: 'a certificate that is none, and an issuer of an unknown kind',
    config: {
      ...smallest,
      tls: {
        certificate: 'tls.crt',
        privateKey: 'KEY',
        issuer: { name: 'a', kind: 'Vault', group: 7 },
      },
    },
    expected: [
      'tls.certificate: expected a certificate in PEM form, chain included, found "tls.crt"',
      'tls.issuer.kind: expected ClusterIssuer or Issuer, found "Vault"',
      `tls.issuer.group: expected an API group, found 7; as a text: pulumi config set --type string --path tls.issuer.group 7`,
    ],
  },
  {
    name: 'a certificate where a Gateway ends TLS',
    config: {
      ...smallest,
      gateway: { enabled: true, parentRefs: [{ name: 'a' }] },
      tls: { issuer: { name: 'a' } },
    },
    expected: [
      "tls.issuer: TLS ends at the Gateway's listener; remove this, and write ingress.hostName with https:// if it does",
    ],
  },
  {
    name: 'wrong types in the section of the Gateway',
    config: {
      ...smallest,
      gateway: { enabled: true, parentRefs: 'public', requestTimeout: 0, controller: 'istio' },
    },
    expected: [
      'gateway.parentRefs: expected a list of Gateways, found "public"',
      'gateway.requestTimeout: expected a time such as 0s or 1h, or none, found 0',
      'gateway.controller: expected gke or other, found "istio"',
    ],
  },
  {
    name: 'a Gateway by its name alone, and a time that is none',
    config: {
      ...smallest,
      gateway: {
        enabled: true,
        parentRefs: ['public', { name: 'a', kind: 'gateways', group: 'v1/' }],
        requestTimeout: '1 hour',
      },
    },
    expected: [
      'gateway.parentRefs.0: expected a Gateway: its name and namespace, found "public"',
      'gateway.parentRefs.1.group: expected an API group such as gateway.networking.k8s.io, found "v1/"',
      'gateway.parentRefs.1.kind: expected a kind such as Gateway or ListenerSet, found "gateways"',
      'gateway.requestTimeout: expected a time such as 0s or 1h, or none, found "1 hour"',
    ],
  },
  {
    name: 'wrong types in the sections of Services',
    config: {
      ...smallest,
      service: {
        type: 'External',
        port: 'http',
        nodePort: '30080',
        loadBalancerClass: 7,
        loadBalancerIP: 7,
        loadBalancerSourceRanges: '10.0.0.0/8',
        externalTrafficPolicy: 'Node',
        ipFamilyPolicy: 'Dual',
        ipFamilies: 'IPv4',
      },
      tcpSession: { portRange: '30000-30010', service: 'LoadBalancer', waitSeconds: '5m' },
    },
    expected: [
      'service.type: expected ClusterIP, LoadBalancer or NodePort, found "External"',
      'service.port: expected a port from 1 to 65535, found "http"',
      `service.nodePort: expected a node port, found "30080"; without the quotes: pulumi config rm --path service.nodePort && pulumi config set --type int --path service.nodePort 30080`,
      `service.loadBalancerClass: expected the class of a load balancer, found 7; as a text: pulumi config set --type string --path service.loadBalancerClass 7`,
      'service.loadBalancerIP: expected an IP address, found 7',
      'service.loadBalancerSourceRanges: expected a list of networks in CIDR form, found "10.0.0.0/8"',
      'service.externalTrafficPolicy: expected Cluster or Local, found "Node"',
      'service.ipFamilyPolicy: expected SingleStack, PreferDualStack or RequireDualStack, found "Dual"',
      'service.ipFamilies: expected a list of IPv4 and IPv6, found "IPv4"',
      'tcpSession.portRange: expected a port range: start and end, found "30000-30010"',
      'tcpSession.service: expected the settings of the load balancer Service, found "LoadBalancer"',
      'tcpSession.waitSeconds: expected a whole number of seconds, found "5m"',
    ],
  },
  {
    name: 'values of Services that are out of bounds',
    config: {
      ...smallest,
      service: { type: 'NodePort', nodePort: 0 },
      tcpSession: {
        routerAddress: 'ssh.example.com:22',
        portRange: { start: 1, end: 2 },
        waitSeconds: 5,
        service: {
          type: 'External',
          platform: 'azure',
          maxPorts: '50',
          portsPerService: '5',
          loadBalancerClass: '',
          loadBalancerIP: 'lb.example.com',
          loadBalancerSourceRanges: [7, '10.0.0.0'],
          ipFamilies: [],
        },
      },
    },
    expected: [
      'service.nodePort: expected a node port, found 0',
      'tcpSession.routerAddress: expected an IP address or a host name, without scheme and port, found "ssh.example.com:22"',
      'tcpSession.service.type: expected LoadBalancer, NodePort or ClusterIP, found "External"',
      'tcpSession.service.platform: expected aws-nlb, aks, gke, cilium, metallb or other, found "azure"',
      `tcpSession.service.maxPorts: expected a number of ports, found "50"; without the quotes: pulumi config rm --path tcpSession.service.maxPorts && pulumi config set --type int --path tcpSession.service.maxPorts 50`,
      `tcpSession.service.portsPerService: expected a number of ports, found "5"; without the quotes: pulumi config rm --path tcpSession.service.portsPerService && pulumi config set --type int --path tcpSession.service.portsPerService 5`,
      'tcpSession.service.loadBalancerClass: expected the class of a load balancer, found ""',
      'tcpSession.service.loadBalancerIP: expected an IP address, found "lb.example.com"',
      'tcpSession.service.loadBalancerSourceRanges.0: expected a network such as 10.244.0.0/16, found 7',
      'tcpSession.service.loadBalancerSourceRanges.1: expected a network in CIDR form, such as 10.244.0.0/16; for this address alone write 10.0.0.0/32, found "10.0.0.0"',
      'tcpSession.service.ipFamilies: expected one or two families, found a list',
      'tcpSession.waitSeconds: expected 10 seconds or more, found 5',
    ],
  },
  {
    name: 'values of Services of the wrong type',
    config: {
      ...smallest,
      tcpSession: {
        routerAddress: 7,
        portRange: { start: 1, end: 2 },
        service: { maxPorts: 0, sharingKey: '', ipFamilies: ['IPv5'] },
      },
    },
    expected: [
      `tcpSession.routerAddress: expected an IP address or a host name, found 7; as a text: pulumi config set --type string --path tcpSession.routerAddress 7`,
      'tcpSession.service.maxPorts: expected a number of ports, found 0',
      'tcpSession.service.sharingKey: expected a key that Services share, found ""',
      'tcpSession.service.ipFamilies.0: expected IPv4 or IPv6, found "IPv5"',
    ],
  },
  {
    name: 'keys of a load balancer for Services that are none',
    config: {
      ...smallest,
      service: { type: 'ClusterIP', loadBalancerClass: 'a', externalTrafficPolicy: 'Local' },
      tcpSession: {
        routerAddress: 'ssh.example.com',
        portRange: { start: 30000, end: 30001 },
        service: {
          type: 'NodePort',
          loadBalancerIP: '10.0.0.9',
          loadBalancerSourceRanges: ['10.0.0.0/8'],
          allocateLoadBalancerNodePorts: false,
        },
      },
    },
    expected: [
      'service.loadBalancerClass: has no effect with service.type ClusterIP; remove it',
      'service.externalTrafficPolicy: has no effect with service.type ClusterIP; remove it',
      'tcpSession.service.loadBalancerIP: has no effect with tcpSession.service.type NodePort; remove it',
      'tcpSession.service.loadBalancerSourceRanges: has no effect with tcpSession.service.type NodePort; remove it',
      'tcpSession.service.allocateLoadBalancerNodePorts: has no effect with tcpSession.service.type NodePort; remove it',
    ],
  },
  {
    name: 'an address that is shared where it cannot be',
    config: {
      ...smallest,
      tcpSession: {
        portRange: { start: 1, end: 2 },
        service: { platform: 'other', sharingKey: 'a', externalTrafficPolicy: 'Local' },
      },
    },
    expected: [
      'tcpSession.service.externalTrafficPolicy: Local keeps other routers from sharing the address (sharingKey); leave it at Cluster',
      'tcpSession.service.sharingKey: has no effect with tcpSession.service.platform other; set that to cilium or metallb, or remove this',
    ],
  },
  {
    name: 'PROXY headers from nobody',
    config: { ...smallest, tcpSession: { portRange: { start: 1, end: 2 }, proxyProtocol: true } },
    expected: [
      'tcpSession.proxyProtocol: believes nobody while router.trustedProxies is empty; name the addresses of the load balancer there',
    ],
  },
  {
    name: 'endpoints without a URL',
    config: { ...smallest, ingress: { ...ingress, pathForm: false } },
    expected: [
      'ingress.pathForm: false leaves endpoints without a URL; it needs ingress.wildcardHost',
    ],
  },
  {
    name: 'keys of exposures that are not in use',
    config: {
      ...smallest,
      ingress: {
        ...ingress,
        className: 'traefik',
        annotations: { a: 'b' },
        waitForAddress: true,
      },
      service: { type: 'LoadBalancer' },
    },
    expected: [
      'ingress.className: has no effect: what exposes the router is service.type LoadBalancer',
      'ingress.annotations: has no effect: what exposes the router is service.type LoadBalancer',
      'ingress.waitForAddress: has no effect: what exposes the router is service.type LoadBalancer',
    ],
  },
  {
    name: 'the controller of an Ingress that is not in use',
    config: {
      ...smallest,
      ingress: { ...ingress, controller: 'gke' },
      service: { type: 'LoadBalancer' },
    },
    expected: [
      'ingress.controller: has no effect: what exposes the router is service.type LoadBalancer',
    ],
  },
  {
    name: 'keys of other exposures beside an Ingress',
    config: {
      ...smallest,
      gateway: { parentRefs: [{ name: 'a' }], annotations: { a: 'b' } },
      openshiftRoute: { annotations: { a: 'b' } },
    },
    expected: [
      'gateway.parentRefs: has no effect: what exposes the router is an Ingress',
      'gateway.annotations: has no effect: what exposes the router is an Ingress',
      'openshiftRoute.annotations: has no effect: what exposes the router is an Ingress',
    ],
  },
  {
    name: 'keys of an Ingress where nothing exposes the router',
    config: { ...smallest, ingress: { ...ingress, enabled: false, className: 'traefik' } },
    expected: [
      'ingress.className: has no effect: nothing exposes the router (ingress.enabled is false)',
    ],
  },
  {
    name: 'wrong types in the section of the namespace',
    config: { ...smallest, namespace: { name: 7, create: 'no', labels: 'x' } },
    expected: [
      `namespace.name: expected a name, found 7; as a text: pulumi config set --type string --path namespace.name 7`,
      'namespace.create: expected true or false, found "no"',
      'namespace.labels: expected keys with texts, found "x"',
    ],
  },
  {
    name: 'a namespace with a name that Kubernetes would not take',
    config: { ...smallest, namespace: { name: 'My_Namespace' } },
    expected: [
      'namespace.name: expected lower-case letters, digits and "-", 63 at most, found "My_Namespace"',
    ],
  },
  {
    name: 'wrong types in the section of the router',
    config: {
      ...smallest,
      router: {
        name: 7,
        image: 7,
        code: 'git',
        taskNetworks: '10.0.0.0/8',
        trustedProxies: [7],
        queues: 'default',
        taskAnswerSeconds: '5m',
        taskCa: 7,
        administrators: 'jane',
        access: 'owner',
        drainSeconds: '5m',
        logLevel: 'trace',
        imagePullPolicy: 'Sometimes',
        staticRoutesConfigMap: 7,
      },
    },
    expected: [
      'router.name: expected a name, found 7',
      `router.image: expected an image reference, found 7; as a text: pulumi config set --type string --path router.image 7`,
      'router.code: expected configMap or image, found "git"',
      'router.taskNetworks: expected a list of networks in CIDR form, found "10.0.0.0/8"',
      'router.taskAnswerSeconds: expected a whole number of seconds, found "5m"',
      'router.taskCa: expected certificates in PEM form, found 7',
      'router.trustedProxies.0: expected a network such as 10.244.0.0/16, found 7',
      'router.queues: expected a list of queues, found "default"',
      'router.administrators: expected a list of users, found "jane"',
      'router.access: expected default, widest and guests, found "owner"',
      'router.drainSeconds: expected a whole number of seconds, found "5m"',
      'router.logLevel: expected debug, info, warn or error, found "trace"',
      'router.imagePullPolicy: expected Always, IfNotPresent or Never, found "Sometimes"',
      `router.staticRoutesConfigMap: expected the name of a Kubernetes object, found 7; as a text: pulumi config set --type string --path router.staticRoutesConfigMap 7`,
    ],
  },
  {
    name: 'levels of access that are none',
    config: {
      ...smallest,
      router: {
        access: { default: 'task', widest: 'authenticated', guests: 'true', defaults: 'owner' },
      },
    },
    expected: [
      'router.access.default: expected owner, people or visible, found "task"',
      'router.access.widest: expected owner, people or visible, found "authenticated"',
      `router.access.guests: expected true or false, found "true"; without the quotes: pulumi config rm --path router.access.guests && pulumi config set --type bool --path router.access.guests true`,
      'router.access.defaults: unknown key; did you mean default?',
    ],
  },
  {
    name: 'limits that are no group',
    config: { ...smallest, router: { limits: 'high' } },
    expected: [
      'router.limits: expected connections, requests, webSockets and advanced, found "high"',
    ],
  },
  {
    name: 'limits of wrong values',
    config: {
      ...smallest,
      router: {
        limits: {
          connections: 'many',
          requests: { total: '8192' },
          webSockets: { total: -1 },
          advanced: {
            connections: 'many',
            requests: { perUser: 1_000_001 },
            webSockets: 7,
          },
        },
      },
    },
    expected: [
      'router.limits.connections: expected total, found "many"',
      `router.limits.requests.total: expected a whole number; 0 is no limit, found "8192"; without the quotes: pulumi config rm --path router.limits.requests.total && pulumi config set --type int --path router.limits.requests.total 8192`,
      'router.limits.webSockets.total: expected a whole number from 0 to 1000000; 0 is no limit, found -1',
      'router.limits.advanced.connections: expected perAddress, found "many"',
      'router.limits.advanced.requests.perUser: expected a whole number from 0 to 1000000; 0 is no limit, found 1000001',
      'router.limits.advanced.webSockets: expected perUser, perTask and perAddress, found 7',
    ],
  },
  {
    name: 'advanced limits that are no group',
    config: { ...smallest, router: { limits: { advanced: 0 } } },
    expected: ['router.limits.advanced: expected connections, requests and webSockets, found 0'],
  },
  {
    name: 'limits at the places that they had before 0.3.0',
    config: {
      ...smallest,
      router: {
        limits: {
          connections: { perAddress: 1 },
          requests: { perUser: 1 },
          webSockets: { perTask: 1 },
        },
      },
    },
    expected: [
      'router.limits.connections.perAddress: now called router.limits.advanced.connections.perAddress',
      'router.limits.requests.perUser: now called router.limits.advanced.requests.perUser',
      'router.limits.webSockets.perTask: now called router.limits.advanced.webSockets.perTask',
    ],
  },
  {
    name: 'networks that Kubernetes and the router would read differently (A67)',
    config: {
      ...smallest,
      service: { type: 'LoadBalancer', loadBalancerSourceRanges: ['010.0.0.0/8'] },
      router: {
        taskNetworks: ['10.1/16', '10.244.0.0/16'],
        trustedProxies: ['0x7f000000/8', 'fd00::1%eth0/64'],
      },
      tcpSession: {
        portRange: { start: 31_000, end: 31_009 },
        sourceRanges: ['10.1.2.3/8'],
        service: { loadBalancerSourceRanges: ['::ffff:10.0.0.0/104'] },
      },
      networkPolicy: {
        clearmlNetworks: ['10.0.0.0/08'],
        proxyNetworks: ['10/8'],
        apiServerNetworks: ['0012.0.0.0/8'],
      },
    },
    expected: [
      'service.loadBalancerSourceRanges.0: expected four decimal numbers, 10.0.0.0/8 or 8.0.0.0/8: others read octal, hexadecimal and short forms differently, found "010.0.0.0/8"',
      'tcpSession.service.loadBalancerSourceRanges.0: expected the IPv4 form of it, 10.0.0.0/8, found "::ffff:10.0.0.0/104"',
      'tcpSession.sourceRanges.0: expected 10.0.0.0/8 for the network, or 10.1.2.3/32 for the address, found "10.1.2.3/8"',
      'router.taskNetworks.0: expected four decimal numbers, 10.1.0.0/16 or 10.0.0.1/16: others read octal, hexadecimal and short forms differently, found "10.1/16"',
      'router.trustedProxies.0: expected four decimal numbers, 127.0.0.0/8: others read octal, hexadecimal and short forms differently, found "0x7f000000/8"',
      'router.trustedProxies.1: expected a network in CIDR form, such as 10.244.0.0/16; a network has no zone (%), found "fd00::1%eth0/64"',
      'networkPolicy.clearmlNetworks.0: expected a network in CIDR form, such as 10.244.0.0/16; a prefix length is a decimal number from 0 to 32, found "10.0.0.0/08"',
      'networkPolicy.proxyNetworks.0: expected four decimal numbers, 10.0.0.0/8 or 0.0.0.10/8: others read octal, hexadecimal and short forms differently, found "10/8"',
      'networkPolicy.apiServerNetworks.0: expected four decimal numbers, 12.0.0.0/8 or 10.0.0.0/8: others read octal, hexadecimal and short forms differently, found "0012.0.0.0/8"',
    ],
  },
  {
    name: 'values of the router that are out of bounds',
    config: {
      ...smallest,
      router: {
        name: 'a'.repeat(41),
        image: '',
        taskNetworks: ['10.0.0.0/33'],
        taskAnswerSeconds: 0,
        modelEndpointsSeconds: 5,
        taskCa: 'x',
        queues: [7, ''],
        drainSeconds: -1,
      },
    },
    expected: [
      'router.name: expected 40 characters at most, found "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
      'router.image: expected an image reference, found ""',
      'router.taskNetworks.0: expected a network in CIDR form, such as 10.244.0.0/16; a prefix length is a decimal number from 0 to 32, found "10.0.0.0/33"',
      'router.taskAnswerSeconds: expected a whole number of seconds from 1 to 86400, found 0',
      'router.taskCa: expected certificates in PEM form, found "x"',
      `router.queues.0: expected the name of a queue, found 7; as a text: pulumi config set --type string --path 'router.queues[0]' 7`,
      'router.queues.1: expected a queue, found ""',
      'router.modelEndpointsSeconds: expected a whole number of seconds from 30 to 3600, found 5',
      'router.drainSeconds: expected a whole number of seconds, 0 or more, found -1',
    ],
  },
  {
    name: 'wrong types in the section of the pods',
    config: {
      ...smallest,
      pod: {
        runAsUser: 0,
        resources: '1Gi',
        labels: { a: true },
        tolerations: {},
        affinity: 'a',
        topologySpreadConstraints: 'a',
        volumes: ['a'],
        env: [],
      },
    },
    expected: [
      'pod.runAsUser: expected a user id above 0, or platform where the platform assigns one, found 0',
      'pod.resources: expected requests and limits, found "1Gi"',
      `pod.labels.a: expected a text (use quotes), found true; as a text: pulumi config set --type string --path pod.labels.a true`,
      'pod.tolerations: expected a list, found a group of keys',
      'pod.affinity: expected a group of keys, found "a"',
      'pod.topologySpreadConstraints: expected a list, found "a"',
      'pod.volumes.0: expected a group of keys, found "a"',
      'pod.env: expected keys with texts, found a list',
    ],
  },
  {
    name: 'amounts that are none',
    config: { ...smallest, pod: { runAsUser: 'root', resources: { requests: '100m' } } },
    expected: [
      'pod.runAsUser: expected a user id above 0, or platform where the platform assigns one, found "root"',
      'pod.resources.requests: expected amounts such as cpu: 100m, memory: 256Mi, found "100m"',
    ],
  },
  {
    name: 'wrong types in the section of availability',
    config: {
      ...smallest,
      availability: {
        replicas: '2',
        autoscaling: 3,
        podDisruptionBudget: 1,
        progressDeadlineSeconds: '5m',
        leaderElection: 'yes',
      },
    },
    expected: [
      `availability.replicas: expected a number of pods, found "2"; without the quotes: pulumi config rm --path availability.replicas && pulumi config set --type int --path availability.replicas 2`,
      'availability.autoscaling: expected the bounds of the autoscaler, found 3',
      'availability.podDisruptionBudget: expected true or false, found 1',
      'availability.progressDeadlineSeconds: expected a whole number of seconds from 10 to 3600, found "5m"',
      'availability.leaderElection: expected true or false, found "yes"',
    ],
  },
  {
    name: 'numbers of pods that are out of bounds',
    config: {
      ...smallest,
      availability: {
        replicas: 0,
        autoscaling: { maxReplicas: 2.5, targetCPUUtilizationPercentage: 101 },
        progressDeadlineSeconds: 9,
      },
    },
    expected: [
      'availability.replicas: expected at least one pod, found 0',
      'availability.autoscaling.maxReplicas: expected a number of pods, found 2.5',
      'availability.autoscaling.targetCPUUtilizationPercentage: expected a percentage, found 101',
      'availability.progressDeadlineSeconds: expected a whole number of seconds from 10 to 3600, found 9',
    ],
  },
  {
    name: 'wrong types in the section of the NetworkPolicy',
    config: {
      ...smallest,
      networkPolicy: {
        enabled: 1,
        ingressNamespaces: 'traefik',
        clearmlNetworks: {},
        clearmlPorts: 8008,
        apiServerPorts: [0],
        taskNamespaces: ['team-*'],
        extraIngress: { from: [] },
        extraEgress: [{ to: 'all' }, { to: [7], ports: [53] }, { from: [] }],
      },
    },
    expected: [
      'networkPolicy.enabled: expected true or false, found 1',
      'networkPolicy.ingressNamespaces: expected a list of namespaces, found "traefik"',
      'networkPolicy.taskNamespaces.0: expected lower-case letters, digits and "-", 63 at most, found "team-*"',
      'networkPolicy.clearmlNetworks: expected a list of networks in CIDR form, found a group of keys',
      'networkPolicy.clearmlPorts: expected a list of ports, found 8008',
      'networkPolicy.apiServerPorts.0: expected a port from 1 to 65535, found 0',
      'networkPolicy.extraIngress: expected a list of rules: from and ports, found a group of keys',
      'networkPolicy.extraEgress.0.to: expected a list of peers, found "all"',
      'networkPolicy.extraEgress.1.to.0: expected a peer with its keys, found 7',
      'networkPolicy.extraEgress.1.ports.0: expected a port with its keys, found 53',
      'networkPolicy.extraEgress.2.from: unknown key; known are to, ports',
    ],
  },
  {
    name: 'wrong types in the section of monitoring',
    config: { ...smallest, monitoring: { interval: 30 } },
    expected: ['monitoring.interval: expected a time such as 30s, found 30'],
  },
  {
    name: 'a time between readings without its unit',
    config: { ...smallest, monitoring: { interval: '30' } },
    expected: ['monitoring.interval: expected a time such as 30s, found "30"'],
  },
  {
    name: 'wrong types in transforms',
    config: {
      ...smallest,
      transforms: ['a', { kind: 7, name: 7, patch: 'x' }, { kind: '', patch: {} }],
    },
    expected: [
      'transforms.0: expected kind and patch, found "a"',
      `transforms.1.kind: expected a kind such as Deployment, found 7; as a text: pulumi config set --type string --path 'transforms[1].kind' 7`,
      `transforms.1.name: expected the name of an object, found 7; as a text: pulumi config set --type string --path 'transforms[1].name' 7`,
      'transforms.1.patch: expected the keys to change, found "x"',
      'transforms.2.kind: expected a kind such as Deployment, found ""',
    ],
  },
  {
    name: 'variables, probes and names of hosts of wrong types',
    config: {
      ...smallest,
      pod: {
        env: { A: [], B: { valueFrom: { url: 'x' } }, TZ: { valueFrom: { fieldRef: {} } } },
        envFrom: ['a', {}, { secretRef: 'a', prefix: '1' }, { configMapRef: {} }],
        startupProbe: 'x',
        livenessProbe: { initialDelaySeconds: -1, periodSeconds: 0 },
        readinessProbe: { httpGet: { path: '/' } },
        hostAliases: ['a', { ip: 'a', hostnames: [] }, { ip: 7, hostnames: 'a' }],
        dnsPolicy: 'ClusterFirstWithHostNet',
        dnsConfig: { nameservers: 'a', searches: 'a', options: 'a' },
      },
    },
    expected: [
      'pod.env.A: expected a text (use quotes), or valueFrom, found a list',
      'pod.env.B.valueFrom: expected secretKeyRef, configMapKeyRef, fieldRef or resourceFieldRef, found a group of keys',
      'pod.envFrom.0: expected secretRef or configMapRef, found "a"',
      'pod.envFrom.1: names no object, or two; give secretRef or configMapRef',
      'pod.envFrom.2.secretRef: expected the name of an object, found "a"',
      'pod.envFrom.2.prefix: expected the beginning of a variable, found "1"',
      'pod.envFrom.3.configMapRef.name: expected the name of a Kubernetes object, found nothing',
      'pod.startupProbe: expected the times of a probe, found "x"',
      'pod.livenessProbe.initialDelaySeconds: expected a whole number from 0 on, found -1',
      'pod.livenessProbe.periodSeconds: expected a whole number from 1 on, found 0',
      'pod.readinessProbe.httpGet: unknown key; known are initialDelaySeconds, periodSeconds, timeoutSeconds, failureThreshold',
      'pod.hostAliases.0: expected ip and hostnames, found "a"',
      'pod.hostAliases.1.ip: expected an IP address, found "a"',
      'pod.hostAliases.1.hostnames: expected at least one host name, found a list',
      'pod.hostAliases.2.ip: expected an IP address, found 7',
      'pod.hostAliases.2.hostnames: expected a list of host names, found "a"',
      'pod.dnsPolicy: expected ClusterFirst, Default or None, found "ClusterFirstWithHostNet"',
      'pod.dnsConfig.nameservers: expected a list of addresses, found "a"',
      'pod.dnsConfig.searches: expected a list of domains, found "a"',
      'pod.dnsConfig.options: expected a list, found "a"',
    ],
  },
  {
    name: 'servers of DNS that nobody names',
    config: { ...smallest, pod: { dnsPolicy: 'None', dnsConfig: 'x' } },
    expected: ['pod.dnsConfig: expected nameservers, searches and options, found "x"'],
  },
  {
    name: 'no server of DNS at all',
    config: { ...smallest, pod: { dnsPolicy: 'None', dnsConfig: { searches: ['example.com'] } } },
    expected: [
      'pod.dnsConfig.nameservers: missing; with pod.dnsPolicy None nothing else names a DNS server',
    ],
  },
  {
    name: 'a setting of a key that is read from elsewhere',
    config: {
      ...smallest,
      pod: { env: { ROUTER_URL: { valueFrom: { configMapKeyRef: { name: 'a', key: 'b' } } } } },
    },
    expected: ['pod.env.ROUTER_URL: set by ingress.hostName; use that'],
  },
  {
    name: 'labels that the selectors rest on',
    config: {
      ...smallest,
      pod: { labels: { 'app.kubernetes.io/instance': 'other' } },
      commonLabels: { 'app.kubernetes.io/name': 'other', team: 'ml' },
    },
    expected: [
      'pod.labels.app.kubernetes.io/instance: set by the program, whose selectors rest on it; choose another label',
      'commonLabels.app.kubernetes.io/name: set by the program, whose selectors rest on it; choose another label',
    ],
  },
  {
    name: 'labels and variables that the API server would refuse',
    config: {
      ...smallest,
      pod: { labels: { '-a': 'b' }, env: { 'A=B': 'c', '': 'd', 'a.b-c': 'e' } },
      commonLabels: { a: 'b c', 'example.com/team': '', 'a/b/c': 'd' },
    },
    expected: [
      'pod.labels.-a: is no label: 63 letters, digits, "-", "_" and "." at most on either side, letters or digits at both ends',
      'commonLabels.a: is no label: 63 letters, digits, "-", "_" and "." at most on either side, letters or digits at both ends',
      'commonLabels.a/b/c: is no label: 63 letters, digits, "-", "_" and "." at most on either side, letters or digits at both ends',
      'pod.env.A=B: is no name of a variable: printable ASCII without "="',
      'pod.env.: is no name of a variable: printable ASCII without "="',
    ],
  },
  {
    name: 'a patch of what an object is, and directives that are none',
    config: {
      ...smallest,
      transforms: [
        {
          kind: 'Deployment',
          patch: {
            kind: null,
            spec: { $patch: 'delete', template: { spec: { containers: [{ $patch: 'merge' }] } } },
          },
        },
        {
          kind: 'Deployment',
          patch: { spec: { x: [{ $patch: 'replace' }, { $retainKeys: [] }] } },
        },
      ],
    },
    expected: [
      'transforms.0.patch.kind: an object stays of its kind; write one of another kind into extraObjects',
      ...[
        '0.patch.spec.$patch',
        '0.patch.spec.template.spec.containers.0.$patch',
        '1.patch.spec.x.1.$retainKeys',
      ].map(
        (path) =>
          `transforms.${path}: unknown directive; an item of a list may say $patch: delete, or $patch: replace for all of the list`,
      ),
    ],
  },
  {
    name: 'a number that no integer is, once',
    config: { ...smallest, pod: { startupProbe: { failureThreshold: 1e300 } } },
    expected: [
      'pod.startupProbe.failureThreshold: expected a whole number from 1 on, found 1e+300',
    ],
  },
  {
    name: 'an existing service account without its name, and annotations that it would not get',
    config: { ...smallest, serviceAccount: { create: false, annotations: { a: 'b' } } },
    expected: [
      'serviceAccount.name: missing; name the account that exists',
      'serviceAccount.annotations: has no effect: serviceAccount.create is false',
    ],
  },
  {
    name: 'manifests that are none',
    config: {
      ...smallest,
      extraObjects: [
        'a',
        { apiVersion: {}, kind: '', metadata: 'a' },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '', namespace: [] } },
        { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } },
        { apiVersion: 'v1', kind: 'List', metadata: { name: 'a' }, items: [] },
        { apiVersion: 'a/b/c', kind: 'a/b', metadata: { name: '../a' } },
      ],
    },
    expected: [
      'extraObjects.0: expected a manifest, found "a"',
      'extraObjects.1.apiVersion: expected an apiVersion such as v1, found a group of keys',
      'extraObjects.1.kind: expected a kind such as ConfigMap, found ""',
      'extraObjects.1.metadata: expected metadata with a name, found "a"',
      'extraObjects.2.metadata.name: expected the name of the object, found ""',
      'extraObjects.2.metadata.namespace: expected a namespace, found a list',
      'extraObjects.3.kind: a Secret would stand in plain text here; make it by other means (a SealedSecret or an ExternalSecret is no such text), and name it where it is needed',
      'extraObjects.4.kind: a list is no object; write each of its items here',
      'extraObjects.5.apiVersion: expected an apiVersion such as v1, found "a/b/c"',
      'extraObjects.5.kind: expected a kind such as ConfigMap, found "a/b"',
      'extraObjects.5.metadata.name: expected the name of the object, found "../a"',
    ],
  },
  {
    name: 'one object in two manifests',
    config: {
      ...smallest,
      extraObjects: [
        { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a' } },
        { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a', namespace: 'b' } },
        { apiVersion: 'example.com/v2', kind: 'Thing', metadata: { name: 'a' } },
      ],
      transforms: [{ kind: 'Thing', patch: {} }],
    },
    expected: ['extraObjects.2.metadata.name: is already that of extraObjects.0'],
  },
  {
    name: 'an autoscaler without what it measures use by',
    config: {
      ...smallest,
      pod: { resources: { limits: { 'nvidia.com/gpu': 1 } } },
      availability: {
        autoscaling: { maxReplicas: 3, targetMemoryUtilizationPercentage: 80 },
      },
    },
    expected: ['cpu', 'memory'].map(
      (resource) =>
        `pod.resources.requests.${resource}: missing; availability.autoscaling measures the use of ${resource} by it (a limit of ${resource} does as well)`,
    ),
  },
  {
    name: 'an autoscaler and a wait of wrong types',
    config: {
      ...smallest,
      availability: {
        minReadySeconds: 300,
        autoscaling: { maxReplicas: 3, targetMemoryUtilizationPercentage: 0, behavior: 'fast' },
      },
    },
    expected: [
      'availability.autoscaling.targetMemoryUtilizationPercentage: expected a percentage, found 0',
      'availability.autoscaling.behavior: expected a group of keys, found "fast"',
      'availability.minReadySeconds: expected a number of seconds from 0 to 299, found 300',
    ],
  },
  {
    name: 'transforms of objects that there never are',
    config: {
      ...smallest,
      transforms: [
        { kind: 'deployment', patch: {} },
        { kind: 'DaemonSet', patch: {} },
      ],
    },
    expected: [
      'transforms.0.kind: no object is a deployment; did you mean Deployment?',
      'transforms.1.kind: no object is a DaemonSet; there are BackendConfig, Certificate, ClusterRole, ClusterRoleBinding, ConfigMap, Deployment, GCPBackendPolicy, HTTPRoute, HealthCheckPolicy, HorizontalPodAutoscaler, Ingress, Lease, Namespace, NetworkPolicy, PodDisruptionBudget, PrometheusRule, Role, RoleBinding, Route, Secret, Service, ServiceAccount, ServiceMonitor',
    ],
  },
  {
    name: 'wrong types in the section of the cluster',
    config: { ...smallest, kubernetes: { context: 7, kubeconfig: 7 } },
    expected: [
      `kubernetes.context: expected the name of a context of your kubeconfig, found 7; as a text: pulumi config set --type string --path kubernetes.context 7`,
      `kubernetes.kubeconfig: expected the content of a kubeconfig, found something else (not shown, since it is secret); as a text: pulumi config set --secret --path kubernetes.kubeconfig`,
    ],
  },
  {
    name: 'a cluster with an empty name, and a uid that is none',
    config: { ...smallest, kubernetes: { context: '', clusterUid: 'prod' } },
    expected: [
      'kubernetes.context: expected the name of a context of your kubeconfig, found ""',
      'kubernetes.clusterUid: expected the uid of a cluster, found "prod"',
    ],
  },
];
