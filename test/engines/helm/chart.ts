/** What a suite varies in its chart. */
export interface Shape {
  readonly image?: string;
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
    replicas: shape.replicas ?? 1,
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

/** A Job that runs as a hook; with `image` app:crash it fails. */
export function hookFile(name: string, events: string, image = 'app:1.0.0', script = 'true'): string {
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
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 1
      containers:
        - name: hook
          image: ${image}
          imagePullPolicy: Never
          command: [sh, -c, ${JSON.stringify(script)}]
`;
}
