{{/* Events keep whole seconds; the fixed name lets a repeated event be counted as a kubelet counts it */}}
{{ $at := $now | substr 0 19 | printf "%sZ" }}
apiVersion: v1
kind: Event
metadata:
  name: {{ printf "%s.%s.%s" ( trunc 200 $pod.metadata.name ) ( trunc 8 $pod.metadata.uid ) ( lower $reason ) | Quote }}
  namespace: {{ $pod.metadata.namespace | Quote }}
involvedObject:
  apiVersion: v1
  kind: Pod
  name: {{ $pod.metadata.name | Quote }}
  namespace: {{ $pod.metadata.namespace | Quote }}
  uid: {{ $pod.metadata.uid | Quote }}
{{ if $stuck }}
  fieldPath: {{ printf "spec.initContainers{%s}" $stuck | Quote }}
{{ else if $name }}
  fieldPath: {{ printf "spec.containers{%s}" $name | Quote }}
{{ end }}
type: {{ $type }}
reason: {{ $reason }}
message: {{ $text | Quote }}
firstTimestamp: {{ ternary ( or $pod.status.startTime $at ) $at ( gt $count 1 ) | Quote }}
lastTimestamp: {{ $at | Quote }}
count: {{ $count }}
source: {component: kubelet, host: {{ $pod.spec.nodeName | Quote }}}
reportingComponent: kubelet
reportingInstance: {{ $pod.spec.nodeName | Quote }}
