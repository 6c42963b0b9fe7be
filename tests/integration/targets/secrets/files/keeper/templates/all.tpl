{{- if eq .Values.mode "fail" }}{{ fail (printf "%s is not long enough" .Values.password) }}{{ end }}
apiVersion: v1
kind: Secret
metadata:
  name: keeper
stringData:
  password: {{ .Values.password | quote }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: keeper
data:
  keeper.properties: |
    url=database:3306
    password={{ .Values.password }}
  keeper.json: |
    {"url": "database:3306", "login": {"user": "keeper", "password": {{ .Values.password | quote }}}}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: keeper
{{- if eq .Values.mode "refused" }}
  labels: {note: "{{ .Values.password }}?"}
{{- end }}
spec:
  selector:
    matchLabels: {app: keeper}
  template:
    metadata:
      labels: {app: keeper, fateMoudle: keeper}
    spec:
      containers:
        - name: keeper
          image: example.test/keeper:1.0
          env:
            - {name: PASSWORD, value: {{ .Values.password | quote }}}
{{- if eq .Values.mode "hook" }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: before
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations:
        kubefate.federatedai.org/simulate: job-fail
    spec:
      restartPolicy: Never
      containers:
        - name: before
          image: example.test/before:1.0
          env:
            - {name: PASSWORD, value: {{ .Values.password | quote }}}
{{- end }}
