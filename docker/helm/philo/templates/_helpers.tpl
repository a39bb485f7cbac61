{{- define "philo.labels" -}}
app.kubernetes.io/name: philo
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "philo.selector" -}}
app.kubernetes.io/name: philo
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .part }}
{{- end }}

{{- define "philo.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "philo.workshopImage" -}}
{{ .Values.workshopImage.repository }}:{{ .Values.workshopImage.tag | default (printf "%s-workshop" .Chart.AppVersion) }}
{{- end }}

{{- define "philo.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{- define "philo.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end }}

{{- define "philo.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "philo.environment" -}}
- {name: PHILO_SECRETS, value: /run/secrets/philo}
- {name: PHILO_ACCESS__BASE_URL, value: {{ printf "https://%s" .Values.host | quote }}}
{{- include "philo.proxies" . | nindent 0 }}
- {name: PHILO_INGEST__ELSEWHERE, value: "true"}
- {name: PHILO_ACCESS__INTERNAL_HOSTS, value: {{ printf "%s-api:8501" .Release.Name | quote }}}
- {name: PHILO_STORAGE__VECTORS, value: chroma}
{{- if .Values.chroma.enabled }}
- {name: PHILO_STORAGE__CHROMA__HOST, value: {{ printf "%s-chroma" .Release.Name | quote }}}
- {name: PHILO_STORAGE__CHROMA__PORT, value: "8000"}
{{- end }}
{{- range $name, $value := .Values.settings }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end }}

{{- define "philo.proxies" -}}
{{- if .Values.ingress.enabled }}
{{- if not .Values.ingress.trustedProxies }}
{{- fail "ingress.trustedProxies: from which addresses does the ingress controller call?" }}
{{- end }}
- name: PHILO_ACCESS__TRUSTED_PROXIES
  value: {{ join "," .Values.ingress.trustedProxies | quote }}
{{- end }}
{{- end }}

{{- define "philo.mounts" -}}
- {name: secrets, mountPath: /run/secrets/philo, readOnly: true}
- {name: data, mountPath: /var/lib/philo}
- {name: models, mountPath: /var/lib/philo-models, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- end }}

{{- define "philo.volumes" -}}
- name: secrets
  secret: {secretName: {{ .Values.secretName | quote }}, defaultMode: 0440}
- name: data
  persistentVolumeClaim: {claimName: {{ .Values.data.existingClaim | default (printf "%s-data" .Release.Name) | quote }}}
- name: models
  persistentVolumeClaim: {claimName: {{ .Values.models.existingClaim | default (printf "%s-models" .Release.Name) | quote }}}
- name: tmp
  emptyDir: {sizeLimit: {{ .Values.tmpStorage }}}
{{- end }}

{{- define "philo.probe" -}}
exec:
  command: [python, /opt/healthcheck.py, {{ . | quote }}]
timeoutSeconds: 5
{{- end }}
