{{- /* SPDX-License-Identifier: Apache-2.0 */ -}}
{{- /*
The tables of Eggroll 3. The client that runs this has the database selected, and may run it again: what is there stays.
*/ -}}
{{- define "fate.mysql.tables" -}}
CREATE TABLE IF NOT EXISTS store_locator (
  store_locator_id SERIAL PRIMARY KEY,
  store_type VARCHAR(255) NOT NULL,
  namespace VARCHAR(2000) NOT NULL DEFAULT 'DEFAULT',
  name VARCHAR(2000) NOT NULL,
  path VARCHAR(2000) NOT NULL DEFAULT '',
  total_partitions INT UNSIGNED NOT NULL,
  key_serdes_type INT NOT NULL DEFAULT 0,
  value_serdes_type INT NOT NULL DEFAULT 0,
  partitioner_type INT NOT NULL DEFAULT 0,
  version INT UNSIGNED NOT NULL DEFAULT 0,
  status VARCHAR(255) NOT NULL,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  UNIQUE INDEX idx_u_store_locator_ns_n (namespace(120), name(640)),
  INDEX idx_store_locator_st (store_type),
  INDEX idx_store_locator_ns (namespace(767)),
  INDEX idx_store_locator_n (name(767)),
  INDEX idx_store_locator_s (status),
  INDEX idx_store_locator_v (version)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS store_option (
  store_option_id SERIAL PRIMARY KEY,
  store_locator_id BIGINT UNSIGNED NOT NULL,
  name VARCHAR(255) NOT NULL,
  data VARCHAR(2000) NOT NULL DEFAULT '',
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  INDEX idx_store_option_si (store_locator_id)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS store_partition (
  store_partition_id SERIAL PRIMARY KEY,
  store_locator_id BIGINT UNSIGNED NOT NULL,
  node_id BIGINT UNSIGNED NOT NULL,
  partition_id INT UNSIGNED NOT NULL,
  status VARCHAR(255) NOT NULL,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  UNIQUE INDEX idx_u_store_partition_si_spi_ni (store_locator_id, store_partition_id, node_id),
  INDEX idx_store_partition_sli (store_locator_id),
  INDEX idx_store_partition_ni (node_id),
  INDEX idx_store_partition_s (status)
) DEFAULT CHARACTER SET latin1;

CREATE TABLE IF NOT EXISTS server_node (
  server_node_id SERIAL PRIMARY KEY,
  name VARCHAR(2000) NOT NULL DEFAULT '',
  server_cluster_id BIGINT UNSIGNED NOT NULL DEFAULT 0,
  host VARCHAR(1000) NOT NULL,
  port INT NOT NULL,
  node_type VARCHAR(255) NOT NULL,
  status VARCHAR(255) NOT NULL,
  last_heartbeat_at DATETIME NULL ON UPDATE CURRENT_TIMESTAMP,
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  INDEX idx_server_node_h_p_nt (host(600), port, node_type(100)),
  INDEX idx_server_node_h (host(767)),
  INDEX idx_server_node_sci (server_cluster_id),
  INDEX idx_server_node_nt (node_type),
  INDEX idx_server_node_s (status)
) DEFAULT CHARACTER SET latin1;

{{ include "fate.mysql.sessionTables" . }}
{{- end }}
