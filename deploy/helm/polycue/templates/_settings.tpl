{{- define "polycue.settings" -}}
{{- $own := dict
  "POLYCUE_LISTEN" "0.0.0.0:50051"
  "POLYCUE_ADMIN_LISTEN" "0.0.0.0:50052"
  "POLYCUE_METRICS_LISTEN" "0.0.0.0:9464"
  "POLYCUE_TLS_CERT" "/etc/polycue/tls/tls.crt"
  "POLYCUE_TLS_KEY" "/etc/polycue/tls/tls.key"
  "POLYCUE_TOKENS_FILE" "/etc/polycue/callers/tokens.toml"
  "POLYCUE_DATA_DIR" "/var/lib/polycue/data"
  "POLYCUE_MODELS_DIR" "/usr/share/polycue/models"
  "POLYCUE_RECORDED_MODELS_ONLY" "true"
  "POLYCUE_FILES_URL" "s3://polycue/files"
  "AWS_ENDPOINT_URL" "https://objects.storage.svc:9000"
  "POLYCUE_OFFLINE" "true"
  "POLYCUE_REQUIRE_SANDBOX" "true"
  "POLYCUE_DRAIN_S" "20"
  "POLYCUE_LOG_FORMAT" "json"
  "POLYCUE_DEVICE" .Values.device
-}}
{{- if .Values.ray.enabled -}}
{{- $own = merge (include "polycue.ray.settings" . | fromYaml) $own -}}
{{- end -}}
{{- if eq .Values.device "cuda" -}}
{{- $own = merge (dict "POLYCUE_DEVICE_INDEX" (ternary "0" "all" (eq (int .Values.gpus) 1)) "POLYCUE_MAX_RUNNING_JOBS" "8") $own -}}
{{- end -}}
{{- with .Values.tracing.endpoint -}}
{{- $_ := set $own "POLYCUE_OTLP_ENDPOINT" . -}}
{{- end -}}
{{- range $name, $value := mergeOverwrite $own .Values.settings }}
{{- /* Helm reads numbers as floats, and would write ten gigabytes as 1e+10. */}}
{{- if and (kindIs "float64" $value) (eq (floor $value) $value) }}{{ $value = int64 $value }}{{ end }}
{{ $name }}: {{ $value | toString | quote }}
{{- end -}}
{{- end -}}

{{- define "polycue.image" -}}
{{- with .Values.image -}}
{{- $target := ternary "ray" $.Values.device $.Values.ray.enabled -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default (printf "%s-%s" $.Chart.AppVersion $target) }}{{ end }}
{{- end -}}
{{- end -}}

{{- define "polycue.resources" -}}
{{- if .Values.resources -}}
{{- toYaml .Values.resources -}}
{{- else if eq .Values.device "cuda" -}}
requests: {cpu: "8", memory: 16Gi, ephemeral-storage: 8Gi}
limits: {cpu: "8", memory: 16Gi, ephemeral-storage: 60Gi, nvidia.com/gpu: {{ .Values.gpus }}}
{{- else -}}
requests: {cpu: "4", memory: 8Gi, ephemeral-storage: 8Gi}
limits: {cpu: "4", memory: 8Gi, ephemeral-storage: 60Gi}
{{- end -}}
{{- end -}}

{{- define "polycue.models" -}}
{{- with .Values.models.image -}}
image: {reference: {{ . }}, pullPolicy: IfNotPresent}
{{- else -}}
persistentVolumeClaim: {claimName: polycue-models, readOnly: true}
{{- end -}}
{{- end -}}
