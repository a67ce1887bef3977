{{- define "polycue.ray.settings" -}}
POLYCUE_ENGINE: ray
POLYCUE_DEVICE: cuda
POLYCUE_RAY_ADDRESS: polycue-ray-head-svc:6379
POLYCUE_RAY_ACTORS_MIN: "1"
POLYCUE_RAY_ACTORS_MAX: "3"
POLYCUE_RAY_GPUS: "1"
POLYCUE_MAX_RUNNING_JOBS: "16"
{{- if .Values.ray.autoscaler.enabled }}
{{- /* A machine may have to be bought, started and given the image first. */}}
POLYCUE_RAY_PLACE_S: "600"
{{- end }}
{{- end -}}

{{- define "polycue.ray.env" -}}
- {name: RAY_AUTH_MODE, value: token}
- name: RAY_AUTH_TOKEN
  valueFrom: {secretKeyRef: {name: {{ .Values.ray.tokenSecret }}, key: auth_token}}
- {name: RAY_USAGE_STATS_ENABLED, value: "0"}
{{- end -}}

{{- define "polycue.ray.ports" -}}
node-manager-port: "6380"
object-manager-port: "6381"
runtime-env-agent-port: "6382"
metrics-export-port: "6383"
dashboard-agent-listen-port: "6384"
dashboard-agent-grpc-port: "6385"
min-worker-port: "10002"
max-worker-port: "10999"
{{- end -}}

{{- /* Ray answers gRPC's health protocol on this port without a token. */ -}}
{{- define "polycue.ray.probes" -}}
livenessProbe:
  grpc: {port: {{ . }}}
  initialDelaySeconds: 30
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 12
readinessProbe:
  grpc: {port: {{ . }}}
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: 3
{{- end -}}

{{- define "polycue.ray.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "polycue.ray.user" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- /*
A program of Ray talks to the cluster through a node of it on its own machine. So each server's pod is one, which takes
no work. It is a sidecar: there before the server, and there until it has ended. No probe holds the server up: without a
cluster it still takes uploads and jobs, and says in health that it cannot transcribe.
*/ -}}
{{- define "polycue.ray.node" -}}
- name: ray-node
  image: {{ include "polycue.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  restartPolicy: Always
  command: [ray, start]
  args:
    - --address=polycue-ray-head-svc:6379
    - --num-cpus=0
    - --num-gpus=0
    - --block
    - --object-store-memory=500000000
    - --node-manager-port=6380
    - --object-manager-port=6381
    - --runtime-env-agent-port=6382
    - --metrics-export-port=6383
    - --dashboard-agent-listen-port=6384
    - --dashboard-agent-grpc-port=6385
    - --min-worker-port=10002
    - --max-worker-port=10999
  env: {{- include "polycue.ray.env" . | nindent 4 }}
  resources: {{- toYaml .Values.ray.node.resources | nindent 4 }}
  securityContext: {{- include "polycue.ray.confined" . | nindent 4 }}
  volumeMounts:
    - {name: ray, mountPath: /tmp/ray}
    - {name: shared-memory, mountPath: /dev/shm}
    - {name: tmp, mountPath: /tmp}
{{- end -}}

{{- define "polycue.ray.workers.check" -}}
{{- $workers := .Values.ray.workers.replicas -}}
{{- $scaled := "ray.workers.replicas" -}}
{{- with .Values.ray.autoscaler -}}
  {{- if .enabled -}}
    {{- $workers = .maxReplicas -}}
    {{- $scaled = "ray.autoscaler.maxReplicas" -}}
    {{- if not .apiServer.cidrs -}}
      {{- fail "ray.autoscaler.enabled without ray.autoscaler.apiServer.cidrs: it has to reach Kubernetes' API, and nobody but you knows where that is" -}}
    {{- end -}}
    {{- if gt (int .minReplicas) (int .maxReplicas) -}}
      {{- fail "ray.autoscaler.minReplicas is more than ray.autoscaler.maxReplicas" -}}
    {{- end -}}
  {{- end -}}
{{- end -}}
{{- $settings := include "polycue.settings" . | fromYaml -}}
{{- $servers := ternary .Values.keda.maxReplicas .Values.replicas .Values.keda.enabled -}}
{{- $wanted := mulf $servers $settings.POLYCUE_RAY_ACTORS_MIN $settings.POLYCUE_RAY_GPUS -}}
{{- if lt (float64 .Values.ray.workers.gpus) (float64 $settings.POLYCUE_RAY_GPUS) -}}
  {{- fail (printf "no worker has the %s GPUs of an actor (POLYCUE_RAY_GPUS): ray.workers.gpus is %v" $settings.POLYCUE_RAY_GPUS .Values.ray.workers.gpus) -}}
{{- end -}}
{{- $there := mulf $workers .Values.ray.workers.gpus -}}
{{- if lt $there $wanted -}}
  {{- fail (printf "%v servers with %s actors each at least (POLYCUE_RAY_ACTORS_MIN) want %v GPUs, and Ray's workers have %v: more of %s, or fewer servers (%s)" $servers $settings.POLYCUE_RAY_ACTORS_MIN $wanted $there $scaled (ternary "keda.maxReplicas" "replicas" .Values.keda.enabled)) -}}
{{- end -}}
{{- end -}}
