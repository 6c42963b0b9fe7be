apiVersion: v1
kind: ConfigMap
metadata:
  name: text
data:
  message: {{ .Values.message | default "hello" | quote }}
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{name: http, port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    fateMoudle: web
{{- with .Values.cluster }}
    cluster: {{ . }}
{{- end }}
spec:
  replicas: {{ .Values.replicas | default 1 }}
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web, fateMoudle: web}
      annotations:
        kubefate.federatedai.org/simulate: {{ .Values.mode | quote }}
    spec:
      containers:
        - name: web
          image: example.test/web:1.0
{{- if .Values.hook }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: before
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: before-hook-creation,hook-failed
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations:
        kubefate.federatedai.org/simulate: {{ .Values.hook | quote }}
    spec:
      restartPolicy: Never
      containers:
        - name: before
          image: example.test/before:1.0
{{- end }}
