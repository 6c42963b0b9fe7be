apiVersion: v1
kind: ConfigMap
metadata:
  name: rich
data:
  greeting: {{ .Values.greeting | default "hello" | quote }}
binaryData:
  data: {{ .Files.Get "files/data.bin" | b64enc | quote }}
