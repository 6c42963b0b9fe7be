{{ $pod := . }}
{{ $now := Now }}
{{ $notes := or .metadata.annotations dict }}
{{ $mode := or ( index $notes "kubefate.federatedai.org/simulate" ) "" }}
{{ $only := or ( index $notes "kubefate.federatedai.org/simulate-container" ) "" }}
{{ $said := or ( index $notes "kubefate.federatedai.org/simulate-message" ) "" }}
{{ $who := printf "%s_%s(%s)" .metadata.name .metadata.namespace .metadata.uid }}
{{/* $hit: the containers that the mode is about; $name and $image: the first of them */}}
{{ $all := list }}
{{ $hit := list }}
{{ range .spec.containers }}
{{ $all = append $all .name }}
{{ $meant := or $mode ( contains "no-such" .image ) }}
{{ if or ( eq .name $only ) ( and ( not $only ) $meant ) }}{{ $hit = append $hit .name }}{{ end }}
{{ end }}
{{ if not $hit }}{{ $hit = $all }}{{ end }}
{{ $name := first $hit }}
{{ $image := "" }}
{{ range .spec.containers }}{{ if eq .name $name }}{{ $image = .image }}{{ end }}{{ end }}
{{/* $stuck: the init container that keeps the others from starting */}}
{{ $stuck := "" }}
{{ if not $mode }}
{{ range .spec.initContainers }}
{{ if and ( not $stuck ) ( contains "no-such" .image ) }}{{ $stuck = .name }}{{ $image = .image }}{{ end }}
{{ end }}
{{ end }}
{{/* What a stage sets before pod-status.tpl: the state of the containers in $hit and of the pod */}}
{{ $phase := "Running" }}
{{ $state := "waiting" }}
{{ $reason := "" }}
{{ $text := "" }}
{{ $code := 0 }}
{{ $ended := "" }}
{{ $sandbox := "True" }}
{{ $podReason := "" }}
{{ $podText := "" }}
{{/* What a stage sets before event.tpl */}}
{{ $type := "Warning" }}
{{ $count := 1 }}
