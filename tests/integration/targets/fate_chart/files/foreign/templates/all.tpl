apiVersion: v1
kind: ConfigMap
metadata:
  name: values
  labels:
    fateMoudle: values
    cluster: foreign
data:
  values.json: {{ omit .Values "global" | toJson | quote }}
