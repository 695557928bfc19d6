/** Ingress controllers that the program has settings for, in the words of `ingress.controller`. */
export const INGRESS_CONTROLLERS = [
  'traefik',
  'haproxy',
  'nginx',
  'nginx-f5',
  'alb',
  'gke',
  'contour',
  'other',
] as const;

export type IngressController = (typeof INGRESS_CONTROLLERS)[number];

/** Words in the names of classes, as the controllers' own charts and clouds call them, such as `nginx-internal`. */
const BY_WORD: ReadonlyMap<string, IngressController> = new Map([
  ['traefik', 'traefik'],
  ['haproxy', 'haproxy'],
  ['nginx', 'nginx'],
  ['alb', 'alb'],
  ['gce', 'gke'],
  ['contour', 'contour'],
]);

/** `spec.controller` of an IngressClass, as each controller's own source has it. */
const BY_CLASS_CONTROLLER: ReadonlyMap<string, IngressController> = new Map([
  ['traefik.io/ingress-controller', 'traefik'],
  ['haproxy.org/ingress-controller', 'haproxy'],
  ['haproxy-ingress.github.io/controller', 'haproxy'],
  ['k8s.io/ingress-nginx', 'nginx'],
  // F5's own, with annotations of its own: https://github.com/nginx/kubernetes-ingress/blob/main/charts/nginx-ingress/templates/controller-ingress-class.yaml
  ['nginx.org/ingress-controller', 'nginx-f5'],
  // AKS's application routing is the community's controller: https://github.com/Azure/aks-app-routing-operator/blob/main/pkg/manifests/nginx.go
  ['webapprouting.kubernetes.azure.com/nginx', 'nginx'],
  ['ingress.k8s.aws/alb', 'alb'],
  // https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html
  ['eks.amazonaws.com/alb', 'alb'],
  ['projectcontour.io/contour', 'contour'],
]);

/** The controller that a class is named after; undefined where its name tells none. */
export function controllerByClassName(className: string): IngressController | undefined {
  return className
    .split(/[-.]/)
    .map((word) => BY_WORD.get(word))
    .find((controller) => controller !== undefined);
}

/** The controller that an IngressClass is for, by its `spec.controller`; `other` for one that the program does not know. */
export function controllerByClass(specController: string): IngressController {
  // Some carry the name of their own instance behind the one of the controller: `projectcontour.io/ns/name`, `haproxy.org/ingress-controller/name`.
  const [known = 'other'] = [...BY_CLASS_CONTROLLER]
    .filter(([text]) => specController === text || specController.startsWith(`${text}/`))
    .map(([, controller]) => controller);
  return known;
}
