{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- define "fate.eggroll.home" -}}
/data/projects/fate/eggroll
{{- end }}

{{- /*
eggroll.properties, with names between at signs for what each pod fills in at its start: NODEMANAGER_HOST, MYSQL_USER,
MYSQL_PASSWORD. Eggroll's scripts search it by the text of a key, so each key stands here once and in no comment.
*/ -}}
{{- define "fate.eggroll.properties" -}}
{{- $database := include "fate.database" . | fromYaml -}}
{{- $timezone := .Values.modules.clustermanager.mysqlServerTimezone | replace "+" "\\u00252B" -}}
[eggroll]
eggroll.data.dir={{ include "fate.eggroll.home" . }}/data/
eggroll.logs.dir={{ include "fate.eggroll.home" . }}/logs/
eggroll.resourcemanager.clustermanager.host=clustermanager
eggroll.resourcemanager.clustermanager.port=4670
eggroll.resourcemanager.clustermanager.jdbc.driver.class.name=com.mysql.cj.jdbc.Driver
eggroll.resourcemanager.clustermanager.jdbc.url=jdbc:mysql://{{ $database.host }}:{{ int $database.port }}/{{ $database.name }}?useSSL=false&serverTimezone={{ $timezone }}&characterEncoding=utf8&allowPublicKeyRetrieval=true
eggroll.resourcemanager.clustermanager.jdbc.username=@MYSQL_USER@
eggroll.resourcemanager.clustermanager.jdbc.password=@MYSQL_PASSWORD@
eggroll.resourcemanager.nodemanager.host=@NODEMANAGER_HOST@
eggroll.resourcemanager.nodemanager.port=4671
eggroll.resourcemanager.nodemanager.net.device=eth0
eggroll.resourcemanager.nodemanager.gpu.num.shell=nvidia.sh
eggroll.resourcemanager.process.tag={{ .Values.partyId }}
eggroll.bootstrap.root.script=bin/eggroll_boot.sh
eggroll.resourcemanager.bootstrap.egg_pair.exepath=bin/roll_pair/egg_pair_bootstrap.sh
eggroll.resourcemanager.bootstrap.egg_pair.venv=
eggroll.resourcemanager.bootstrap.egg_pair.pythonpath=python
eggroll.resourcemanager.bootstrap.egg_pair.filepath=python/eggroll/computing/egg_pair/egg_pair.py
eggroll.resourcemanager.bootstrap.egg_pair.ld_library_path=
eggroll.session.processors.per.node={{ int .Values.modules.nodemanager.sessionProcessorsPerNode }}
eggroll.container.deepspeed.distributed.backend=nccl
{{- end }}

{{- /* Java of an Eggroll manager: the last line of its start. Takes a module and port. */ -}}
{{- define "fate.eggroll.java" -}}
{{- $home := include "fate.eggroll.home" . -}}
exec java -server {{ include "fate.jvmOptions" . }} \
  -Dlog4j.configurationFile={{ $home }}/conf/log4j2.xml -Dmodule={{ .name }} \
  -cp '{{ $home }}/lib/*:' org.fedai.eggroll.{{ .name }}.Bootstrap -p {{ .port }} -s EGGROLL_DAEMON
{{- end }}
