apiVersion: v1
kind: ConfigMap
metadata:
  name: sub
data:
  from: {{ .Chart.Name }}
