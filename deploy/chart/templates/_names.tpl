{{- define "backout.name" -}}
{{- if contains "backout" .Release.Name }}{{ .Release.Name | trunc 50 | trimSuffix "-" }}{{ else }}{{ printf "%s-backout" .Release.Name | trunc 50 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "backout.selector" -}}
app.kubernetes.io/name: backout
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "backout.labels" -}}
{{ include "backout.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{- define "backout.catalogue" -}}
{{ .Values.existingCatalogue | default (printf "%s-catalogue" (include "backout.name" .)) }}
{{- end }}

{{- define "backout.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- /* What both have: Redis, Slack, the log. The worker takes the catalogue from Redis, where the bot puts it. */ -}}
{{- define "backout.env" -}}
- { name: LOG_LEVEL, value: {{ .Values.logLevel | quote }} }
{{- if .Values.redis.existingSecret }}
- name: REDIS_URL
  valueFrom: { secretKeyRef: { name: {{ .Values.redis.existingSecret }}, key: {{ .Values.redis.secretKey }} } }
{{- else }}
- { name: REDIS_URL, value: {{ required "redis.url or redis.existingSecret is needed" .Values.redis.url | quote }} }
{{- end }}
{{- with .Values.slack.apiUrl }}
- { name: SLACK_API_URL, value: {{ . | quote }} }
{{- end }}
{{- if .Values.slack.existingSecret }}
{{- range list "SLACK_BOT_TOKEN" "SLACK_APP_TOKEN" "SLACK_SIGNING_SECRET" }}
- name: {{ . }}
  valueFrom: { secretKeyRef: { name: {{ $.Values.slack.existingSecret }}, key: {{ . }}, optional: true } }
{{- end }}
{{- end }}
{{- end }}

{{- define "backout.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "backout.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}
