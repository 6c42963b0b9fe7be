{{ $since := dict }}
{{ range .status.conditions }}{{ $_ := set $since ( printf "%s=%s" .type .status ) .lastTransitionTime }}{{ end }}
{{ $was := dict }}
{{ range .status.containerStatuses }}{{ $_ := set $was .name . }}{{ end }}
{{ $whole := and ( not $hit ) ( not $stuck ) }}
{{ $why := get ( dict "Failed" "PodFailed" "Succeeded" "PodCompleted" ) $phase | default "ContainersNotReady" }}
{{ $unready := ternary $all $hit ( ne $stuck "" ) | join " " | printf "containers with unready status: [%s]" }}
{{ $start := or .status.startTime $now }}
{{ with .metadata.generation }}observedGeneration: {{ . }}{{ end }}
conditions:
- type: kubefate.federatedai.org/Simulated
  status: "True"
  reason: kwok
  message: This pod is simulated, no container runs in it
  lastTransitionTime: {{ or ( index $since "kubefate.federatedai.org/Simulated=True" ) $now | Quote }}
{{ if $podReason }}
- type: DisruptionTarget
  status: "True"
  reason: TerminationByKubelet
  message: {{ $podText | Quote }}
  lastTransitionTime: {{ $now | Quote }}
{{ end }}
- type: PodReadyToStartContainers
  status: {{ $sandbox | Quote }}
  lastTransitionTime: {{ or ( index $since ( printf "PodReadyToStartContainers=%s" $sandbox ) ) $now | Quote }}
- type: Initialized
{{ if $stuck }}
  status: "False"
  reason: ContainersNotInitialized
  message: {{ printf "containers with incomplete status: [%s]" $stuck | Quote }}
  lastTransitionTime: {{ or ( index $since "Initialized=False" ) $now | Quote }}
{{ else }}
  status: "True"
  reason: null
  message: null
  lastTransitionTime: {{ or ( index $since "Initialized=True" ) $now | Quote }}
{{ end }}
{{ range $type := list "ContainersReady" "Ready" }}
- type: {{ $type }}
{{ if $whole }}
  status: "True"
  reason: null
  message: null
  lastTransitionTime: {{ or ( index $since ( printf "%s=True" $type ) ) $now | Quote }}
{{ else }}
  status: "False"
  reason: {{ $why }}
  message: {{ ternary ( Quote $unready ) "null" ( eq $why "ContainersNotReady" ) }}
  lastTransitionTime: {{ or ( index $since ( printf "%s=False" $type ) ) $now | Quote }}
{{ end }}
{{ end }}
{{ range .spec.readinessGates }}
- type: {{ .conditionType | Quote }}
  status: "True"
  lastTransitionTime: {{ or ( index $since ( printf "%s=True" .conditionType ) ) $now | Quote }}
{{ end }}
{{ if .spec.initContainers }}
initContainerStatuses:
{{ $held := false }}
{{ range .spec.initContainers }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
{{ if $held }}
  ready: false
  restartCount: 0
  started: false
  state: {waiting: {reason: PodInitializing}}
{{ else if eq .name $stuck }}
{{ $held = true }}
  ready: false
  restartCount: {{ if $ended }}3{{ else }}0{{ end }}
  started: false
  state:
    waiting:
      reason: {{ $reason | Quote }}
      message: {{ $text | replace "IMAGE" .image | replace "CONTAINER" .name | replace "BACKOFF" "40s" | Quote }}
{{ if $ended }}
  lastState:
    terminated:
      reason: {{ $ended }}
      exitCode: {{ $code }}
      message: {{ $said | Quote }}
      startedAt: {{ $now | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}
{{ else if eq ( or .restartPolicy "" ) "Always" }}
  ready: true
  restartCount: 0
  started: true
  state: {running: {startedAt: {{ $start | Quote }}}}
{{ else }}
  ready: true
  restartCount: 0
  started: false
  state:
    terminated: {exitCode: 0, reason: Completed, startedAt: {{ $start | Quote }}, finishedAt: {{ $start | Quote }}}
{{ end }}
{{ end }}
{{ end }}
containerStatuses:
{{ range .spec.containers }}
{{ $old := or ( index $was .name ) dict }}
{{ $count := int ( or $old.restartCount 0 ) }}
{{ $began := $now }}
{{ with $old.state }}{{ with .running }}{{ $began = .startedAt }}{{ end }}{{ end }}
- name: {{ .name | Quote }}
  image: {{ .image | Quote }}
  imageID: ""
{{ if $stuck }}
  ready: false
  restartCount: 0
  started: false
  state: {waiting: {reason: PodInitializing}}
{{ else if not ( has .name $hit ) }}
  ready: true
  restartCount: {{ $count }}
  started: true
  state: {running: {startedAt: {{ $began | Quote }}}}
  lastState: {{ or $old.lastState dict | toJson }}
{{ else if eq $state "running" }}
  ready: false
  restartCount: {{ $count }}
  started: true
  state: {running: {startedAt: {{ $began | Quote }}}}
  lastState: {{ or $old.lastState dict | toJson }}
{{ else if eq $state "terminated" }}
  ready: false
  restartCount: {{ $count }}
  started: false
  state:
    terminated:
      reason: {{ $reason }}
      exitCode: {{ $code }}
      message: {{ $said | Quote }}
      startedAt: {{ $began | Quote }}
      finishedAt: {{ $now | Quote }}
{{ else }}
{{ if $ended }}{{ $count = int ( add1 $count ) }}{{ end }}
{{ $wait := index ( list "0s" "10s" "20s" "40s" "1m20s" "2m40s" "5m0s" ) ( int ( min 6 $count ) ) }}
  ready: false
  restartCount: {{ $count }}
  started: false
  state:
    waiting:
      reason: {{ $reason | Quote }}
      message: {{ $text | replace "IMAGE" .image | replace "CONTAINER" .name | replace "BACKOFF" $wait | Quote }}
{{ if $ended }}
  lastState:
    terminated:
      reason: {{ $ended }}
      exitCode: {{ $code }}
      message: {{ $said | Quote }}
      startedAt: {{ $began | Quote }}
      finishedAt: {{ $now | Quote }}
{{ end }}
{{ end }}
{{ end }}
{{ with NodeIPsWith .spec.nodeName }}
hostIP: {{ first . | Quote }}
hostIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{/* A pod's address may be given once only, and each call of PodIPsWith takes a new one */}}
{{ if and ( eq $sandbox "True" ) ( not .status.podIP ) }}
{{ with PodIPsWith .spec.nodeName ( or .spec.hostNetwork false ) .metadata.uid .metadata.name .metadata.namespace }}
podIP: {{ first . | Quote }}
podIPs:
{{ range . }}
- ip: {{ . | Quote }}
{{ end }}
{{ end }}
{{ end }}
startTime: {{ $start | Quote }}
phase: {{ $phase }}
{{ if $podReason }}
reason: {{ $podReason | Quote }}
message: {{ $podText | Quote }}
{{ end }}
