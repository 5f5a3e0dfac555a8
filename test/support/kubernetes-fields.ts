/** The fields of Kubernetes that our manifests use: a misspelt one is applied and means nothing. */

/** What a field may hold: its own fields, a list of such, or whatever it likes. */
type Shape = true | readonly [Shape] | { readonly [key: string]: Shape };

const PROBE = {
  httpGet: { path: true, port: true },
  periodSeconds: true,
  failureThreshold: true,
  timeoutSeconds: true,
} as const;
export const CONTAINER = {
  name: true,
  image: true,
  restartPolicy: true,
  command: [true],
  args: [true],
  env: [{ name: true, value: true }],
  ports: [{ name: true, containerPort: true }],
  startupProbe: PROBE,
  readinessProbe: PROBE,
  livenessProbe: PROBE,
  resources: { requests: { cpu: true, memory: true }, limits: { memory: true } },
  securityContext: {
    runAsUser: true,
    runAsGroup: true,
    runAsNonRoot: true,
    allowPrivilegeEscalation: true,
    readOnlyRootFilesystem: true,
    capabilities: { drop: [true], add: [true] },
  },
  volumeMounts: [{ name: true, mountPath: true, readOnly: true }],
} as const;
const VOLUME = {
  name: true,
  configMap: { name: true },
  secret: { secretName: true, defaultMode: true },
  emptyDir: { medium: true, sizeLimit: true },
  projected: {
    sources: [{ serviceAccountToken: { audience: true, expirationSeconds: true, path: true } }],
  },
} as const;
const POD = {
  metadata: { labels: true },
  spec: {
    serviceAccountName: true,
    automountServiceAccountToken: true,
    terminationGracePeriodSeconds: true,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: true,
      fsGroup: true,
      fsGroupChangePolicy: true,
      seccompProfile: { type: true },
    },
    initContainers: [CONTAINER],
    containers: [CONTAINER],
    volumes: [VOLUME],
  },
} as const;
const TOP = { apiVersion: true, kind: true, metadata: { name: true, labels: true } } as const;
const PEER = {
  podSelector: { matchLabels: true },
  namespaceSelector: { matchLabels: true },
  ipBlock: { cidr: true, except: [true] },
} as const;
const PORTS = [{ port: true, protocol: true }] as const;

/** The fields that are used here, by kind; the API server has no say in this test. */
export const KINDS: Readonly<Record<string, Shape>> = {
  "apps/v1 StatefulSet": {
    ...TOP,
    spec: {
      serviceName: true,
      replicas: true,
      selector: { matchLabels: true },
      template: POD,
      volumeClaimTemplates: [
        {
          metadata: { name: true },
          spec: { accessModes: [true], resources: { requests: { storage: true } } },
        },
      ],
    },
  },
  "apps/v1 Deployment": {
    ...TOP,
    spec: { replicas: true, selector: { matchLabels: true }, template: POD },
  },
  "v1 Service": {
    ...TOP,
    spec: { selector: true, ports: [{ name: true, port: true, targetPort: true }] },
  },
  "v1 ServiceAccount": TOP,
  "networking.k8s.io/v1 NetworkPolicy": {
    ...TOP,
    spec: {
      podSelector: { matchLabels: true },
      policyTypes: [true],
      ingress: [{ from: [PEER], ports: PORTS }],
      egress: [{ to: [PEER], ports: PORTS }],
    },
  },
};

/** Paths of fields that the shape does not have. */
export function unknownFields(
  value: unknown,
  shape: Shape | undefined,
  at: string,
): readonly string[] {
  if (shape === undefined) return [at];
  if (shape === true) return [];
  if (isList(shape)) {
    if (!Array.isArray(value)) return [`${at} is no list`];
    return value.flatMap((one, index) => unknownFields(one, shape[0], `${at}[${index}]`));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return [`${at} is no mapping`];
  return Object.entries(value).flatMap(([key, held]) =>
    unknownFields(held, Object.hasOwn(shape, key) ? shape[key] : undefined, `${at}.${key}`),
  );
}

function isList(shape: Shape): shape is readonly [Shape] {
  return Array.isArray(shape);
}
