{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
The pod that `helm test` runs: it looks whether addresses listen, and then at what the chart adds. Takes root; image,
which has bash or nc; addresses (a list of host:port); and, optionally, script: more shell text, which sets failed=1
where something is wrong.
*/ -}}
{{- define "fate.testPod" -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ include "fate.partyName" .root }}-test
  labels:
    app.kubernetes.io/name: {{ include "fate.cluster" .root }}
    app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
    app.kubernetes.io/component: test
    app.kubernetes.io/managed-by: {{ .root.Release.Service }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    seccompProfile:
      type: RuntimeDefault
  {{- with .root.Values.image.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: test
      image: {{ .image | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      command:
        - sh
        - -c
        - |
          failed=0
          listens() {
            if command -v bash > /dev/null; then
              timeout 10 bash -c "exec 3<> /dev/tcp/$1/$2" 2> /dev/null
            else
              nc -z -w 10 "$1" "$2"
            fi
          }
          for address in {{ join " " .addresses }}; do
            if listens "${address%:*}" "${address#*:}"; then
              echo "PASS $address listens"
            else
              echo "FAIL $address does not listen"
              failed=1
            fi
          done
          {{- with .script }}
          {{- . | nindent 10 }}
          {{- end }}
          exit "$failed"
      securityContext:
        {{- include "fate.bareSecurity" . | nindent 8 }}
      resources:
        requests:
          cpu: 50m
          memory: 32Mi
        limits:
          memory: 64Mi
{{- end }}
