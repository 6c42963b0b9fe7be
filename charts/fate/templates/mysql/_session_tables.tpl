{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /* The tables of Eggroll 3 for sessions, their processors and what those take: the second part of its tables. */ -}}
{{- define "fate.mysql.sessionTables" -}}
CREATE TABLE IF NOT EXISTS session_main (
  session_id VARCHAR(767) PRIMARY KEY,
  name VARCHAR(2000) NOT NULL DEFAULT '',
  status VARCHAR(255) NOT NULL,
  status_reason VARCHAR(255),
  before_status VARCHAR(255),
  tag VARCHAR(255),
  total_proc_count INT,
  active_proc_count INT,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  INDEX idx_session_main_s (status)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS session_option (
  session_option_id SERIAL PRIMARY KEY,
  session_id VARCHAR(2000),
  name VARCHAR(255) NOT NULL,
  data VARCHAR(2000) NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  INDEX idx_session_option_si (session_id(767))
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS session_processor (
  processor_id SERIAL PRIMARY KEY,
  session_id VARCHAR(767),
  server_node_id INT NOT NULL,
  processor_type VARCHAR(255) NOT NULL,
  status VARCHAR(255),
  before_status VARCHAR(255),
  tag VARCHAR(255),
  command_endpoint VARCHAR(255),
  transfer_endpoint VARCHAR(255),
  processor_option VARCHAR(512),
  pid INT NOT NULL DEFAULT -1,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  INDEX idx_session_processor_si (session_id)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS processor_resource (
  id SERIAL PRIMARY KEY,
  processor_id BIGINT NOT NULL,
  session_id VARCHAR(767),
  server_node_id INT NOT NULL,
  resource_type VARCHAR(255),
  allocated BIGINT NOT NULL DEFAULT 0,
  extention VARCHAR(512),
  status VARCHAR(255),
  pid INT NOT NULL DEFAULT -1,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  INDEX idx_processor_id_processor_resource (processor_id),
  INDEX idx_node_id_processor_resource (server_node_id),
  INDEX idx_session_id_processor_resource (session_id),
  INDEX idx_node_status_processor_resource (server_node_id, resource_type, status)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS node_resource (
  resource_id SERIAL PRIMARY KEY,
  server_node_id BIGINT NOT NULL,
  resource_type VARCHAR(255),
  total BIGINT NOT NULL DEFAULT 0,
  used BIGINT NOT NULL DEFAULT 0,
  pre_allocated BIGINT NOT NULL DEFAULT 0,
  allocated BIGINT NOT NULL DEFAULT 0,
  extention VARCHAR(512),
  status VARCHAR(255),
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  INDEX idx_node_id_node_resource (server_node_id),
  INDEX idx_node_status_node_resource (server_node_id, status),
  UNIQUE INDEX idx_u_node_resource (server_node_id, resource_type)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS session_ranks (
  container_id SERIAL PRIMARY KEY,
  session_id VARCHAR(767),
  server_node_id INT NOT NULL,
  global_rank INT UNSIGNED NOT NULL,
  local_rank INT UNSIGNED NOT NULL,
  INDEX idx_session_id_session_ranks (session_id)
) DEFAULT CHARACTER SET latin1;
{{- end }}
