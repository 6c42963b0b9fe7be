{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* Shell text of the test: whether FATE-Flow answers as one that works does. */ -}}
{{- define "fate.askFateFlow" -}}
answer=$(timeout 20 bash -c '
  exec 3<> /dev/tcp/fateflow/9380 || exit 1
  printf "GET /v2/server/fateflow HTTP/1.0\r\nHost: fateflow:9380\r\n\r\n" >&3
  cat <&3')
case $answer in
  *'"code":0'* | *'"code": 0'*) echo 'PASS FATE-Flow answers GET /v2/server/fateflow with code 0' ;;
  *)
    echo 'FAIL FATE-Flow does not answer GET /v2/server/fateflow with code 0:'
    printf '%s\n' "$answer"
    failed=1
    ;;
esac
{{- end }}
