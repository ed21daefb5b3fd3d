import type { Api } from '../../cluster/api.ts';

/** What a suite varies in its chart. */
export interface Shape {
  readonly image?: string;
  /** None unless told otherwise: the books are written the same, and helm has nothing to wait for. */
  readonly replicas?: number;
  /** A value of the ConfigMap, and one of the Secret. */
  readonly mode?: string;
  readonly password?: string;
  readonly chartVersion?: string;
  readonly appVersion?: string;
  /** Further files: path in the chart → text. */
  readonly files?: Readonly<Record<string, string>>;
  readonly probe?: boolean;
}

const deployment = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels: {app: {{ .Release.Name }}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
      annotations:
        config: {{ toJson (list .Values.mode .Values.password) | sha256sum }}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: app
          image: {{ .Values.image.name }}:{{ .Values.image.tag }}
          imagePullPolicy: Never
          envFrom:
            - configMapRef: {name: {{ .Release.Name }}}
            - secretRef: {name: {{ .Release.Name }}}
{{- if .Values.probe }}
          readinessProbe:
            httpGet: {path: /healthz, port: 8080}
            periodSeconds: 1
{{- end }}
`;
const configuration = `
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  MODE: {{ .Values.mode | quote }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}
stringData:
  PASSWORD: {{ .Values.password | quote }}
`;

/** The files of a small chart: a Deployment with a ConfigMap and a Secret of its own. */
export function chartFiles(shape: Shape): Record<string, string> {
  const [name = '', tag = ''] = (shape.image ?? 'app:1.0.0').split(':');
  const values = {
    image: { name, tag },
    replicas: shape.replicas ?? 0,
    mode: shape.mode ?? 'normal',
    password: shape.password ?? 'initial',
    probe: shape.probe ?? true,
  };
  return {
    'Chart.yaml': JSON.stringify({
      apiVersion: 'v2',
      name: 'shop',
      version: shape.chartVersion ?? '0.1.0',
      appVersion: shape.appVersion ?? '1.0.0',
    }),
    'values.yaml': JSON.stringify(values),
    'templates/deployment.yaml': deployment,
    'templates/configuration.yaml': configuration,
    ...shape.files,
  };
}

/** What a suite varies in a hook. */
interface Hook {
  /** With app:crash it fails. */
  readonly image?: string;
  readonly script?: string;
  /** Its pod is never made: helm waits for it without an end. */
  readonly suspend?: boolean;
}

/** A Job that runs as a hook. */
export function hookFile(name: string, events: string, hook: Hook = {}): string {
  return `
apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  annotations:
    helm.sh/hook: ${events}
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  backoffLimit: 0
  suspend: ${hook.suspend ?? false}
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers:
        - name: hook
          image: ${hook.image ?? 'app:1.0.0'}
          imagePullPolicy: Never
          command: [sh, -c, ${JSON.stringify(hook.script ?? 'true')}]
`;
}

/** A pod that nobody schedules: helm waits for it until somebody else calls it ready. */
export const gateFile = `
apiVersion: v1
kind: Pod
metadata:
  name: gate
spec:
  schedulerName: nobody
  containers: [{name: app, image: 'app:1.0.0'}]
`;

/** Lets helm go on. */
export async function openGate(api: Api, namespace: string): Promise<void> {
  const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const path = `/api/v1/namespaces/${namespace}/pods/gate/status`;
  await api('PATCH', path, { status }, 'application/strategic-merge-patch+json');
}
