# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Mistakes of KubeFATE's charts fate v2.0.0, fate-serving v2.1.6 and fate-exchange v1.11.2, and the test here that each
would fail.

The numbers are those of the list of known gotchas that this project started from. Those that are left out are not about
charts: 29 to 32 and 41 to 44 (how FATE and Kubernetes are).
"""

from __future__ import annotations

import importlib

import pytest

MISTAKES: dict[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "route tables of RabbitMQ and Pulsar lie where FATE-Flow 2 does not look",
        ("test_scripts.test_fate_flow_gets_its_queue_tables_and_no_password_in_its_variables",),
    ),
    2: (
        "FATE looks parties up in Pulsar's table by numbers, and finds none",
        (
            "test_queues.test_pulsar_is_told_of_each_party_since_fate_never_finds_one",
            "test_pulsar_routes.test_party_that_is_not_known_is_made_and_left_alone_then",
        ),
    ),
    3: (
        "default of an exchange of Pulsar lacks its ports",
        ("test_queues.test_exchange_of_pulsar_is_a_complete_default_with_tls",),
    ),
    4: (
        "storage localfs, which FATE-Flow refuses",
        ("test_engines.test_each_combination_deploys_its_modules_and_tells_fate_flow_its_engines",),
    ),
    5: (
        "all nodemanagers have one name",
        ("test_settings.test_each_nodemanager_is_known_by_its_own_lasting_name",),
    ),
    6: (
        "image of nodemanagers lacks the libraries",
        ("test_pods.test_suffix_goes_to_all_images_that_hold_the_libraries",),
    ),
    7: (
        "exchange of OSX is ignored",
        ("test_osx.test_exchange_becomes_the_default_route_beside_direct_peers",),
    ),
    8: ("OSX waits for a file of Eggroll", ("test_osx.test_osx_starts_without_eggroll",)),
    9: (
        "TLS of OSX is set where OSX does not look",
        ("test_osx.test_tls_listens_with_the_certificates_and_is_all_that_is_published",),
    ),
    10: ("words of FATE 1.x are taken", ("test_spec.test_what_cannot_work_is_refused",)),
    11: (
        "OSX in stream mode without Eggroll",
        (
            "test_engines.test_each_combination_deploys_its_modules_and_tells_fate_flow_its_engines",
            "test_engines.test_what_cannot_work_is_refused_with_a_way_out",
        ),
    ),
    12: ("models are lost with the pod", ("test_pods.test_models_logs_and_jobs_of_fate_flow_are_kept",)),
    13: (
        "cores and nodes are fixed",
        (
            "test_settings.test_cores_and_nodes_are_those_of_the_nodemanagers",
            "test_engines.test_cores_of_spark_are_those_of_its_workers_or_as_told",
        ),
    ),
    14: ("database of another name", ("test_database.test_database_of_another_name_is_the_same_for_all",)),
    15: (
        "database of one's own has no tables",
        ("test_database.test_external_database_is_used_and_gets_its_tables",),
    ),
    16: ("storage classes that nobody has", ("test_pods.test_storage_class",)),
    17: ("long party ids become floats", ("test_chart.test_huge_party_id_stays_text_everywhere",)),
    18: ("registry without a slash", ("test_pods.test_registry_stands_before_every_image_with_one_slash",)),
    19: (
        "images that the registry does not reach",
        ("test_pods.test_registry_stands_before_every_image_with_one_slash",),
    ),
    20: ("board without a login", ("test_settings.test_board_always_has_a_login",)),
    21: (
        "a part of hdfs ends in an error",
        ("test_engines.test_hdfs_is_told_by_variables_that_become_its_properties",),
    ),
    22: (
        "a part of python.pulsar empties the rest",
        ("test_kubefate.test_part_of_a_block_leaves_the_rest_as_it_is",),
    ),
    23: (
        "default route of nginx leads to itself",
        ("test_queues.test_nginx_has_no_default_route_without_an_exchange",),
    ),
    24: ("peer of nginx without fateflow", ("test_engines.test_what_cannot_work_is_refused_with_a_way_out",)),
    25: (
        "nginx waits for a name",
        (
            "test_queues.test_nginx_starts_whether_or_not_names_can_be_looked_up",
            "test_scripts.test_names_in_the_table_of_nginx_become_addresses",
        ),
    ),
    26: (
        "passwords that everybody knows, or can read",
        (
            "test_database.test_root_of_mysql_has_a_password",
            "test_chart.test_no_secret_is_made_and_no_password_stands_anywhere",
            "test_queues.test_rabbitmq_has_its_plugins_its_user_and_no_password_in_its_file",
            "test_settings.test_notebook_always_asks_who_is_there",
            "test_settings.test_fate_flow_starts_without_debugger_and_without_internet",
        ),
    ),
    27: ("PodSecurityPolicy", ("test_pods.test_every_pod_fits_the_pod_security_level_baseline",)),
    28: (
        "OSX takes more memory than it may",
        (
            "test_pods.test_request_of_memory_holds_what_java_may_take",
            "test_osx.test_java_does_not_touch_all_of_its_heap_at_start",
        ),
    ),
    33: (
        "data of RabbitMQ are lost",
        ("test_profiles.test_deployments_with_data_get_a_claim_that_outlives_them",),
    ),
    34: (
        "lost+found, and an image that no mirror has",
        ("test_scripts.test_every_script_of_queues_parses_and_is_left_alone_by_kubernetes",),
    ),
    35: (
        "Istio: with Spark nothing works, the wait for the database is left out",
        (
            "test_pods.test_istio_takes_the_place_of_ingress_and_the_wait_stays",
            "test_engines.test_what_cannot_work_is_refused_with_a_way_out",
        ),
    ),
    36: (
        "ports of drivers",
        ("test_engines.test_drivers_get_a_service_for_executors_elsewhere",),
    ),
    37: (
        "dollars in commands, percent signs in passwords",
        (
            "test_scripts.test_kubernetes_replaces_nothing_in_a_script",
            "test_scripts.test_cluster_manager_reads_the_password_as_it_is",
        ),
    ),
    38: (
        "FATE-Serving: the cache is never on, one node port is fixed, ZooKeeper and Istio look into a wrong namespace, "
        "Redis writes beside its volume, a pod has two volumes of one name",
        (
            "test_serving.test_the_cache_is_switched_by_its_switch_and_of_its_kind",
            "test_serving.test_both_ports_of_the_server_may_have_node_ports_and_neither_is_fixed",
            "test_serving.test_zookeeper_is_one_server_whatever_its_namespace",
            "test_serving.test_istio_takes_the_place_of_ingress_in_whatever_namespace",
            "test_serving.test_redis_keeps_its_data_where_the_volume_is",
            "test_serving.test_no_pod_has_two_volumes_of_one_name",
            "test_serving.test_route_table_has_peers_and_itself_and_no_default_route",
        ),
    ),
    39: (
        "traffic server: its image has no tag, it is an open proxy, and names are not read again",
        (
            "test_serving_and_exchange.test_images_are_those_of_the_facts_from_whatever_registry",
            "test_exchange.test_traffic_server_connects_to_no_other_port_and_takes_no_requests",
            "test_exchange.test_a_new_party_restarts_the_traffic_server_and_nothing_else",
        ),
    ),
    40: (
        "no exchange for FATE 2",
        (
            "test_exchange.test_osx_is_nobody_itself_and_has_a_route_for_each_party_and_no_other",
            "test_serving_and_exchange.test_kubefate_s_cluster_yaml_of_an_exchange_is_taken",
        ),
    ),
}


@pytest.mark.parametrize("number", MISTAKES)
def test_each_mistake_has_tests_that_would_fail(number: int) -> None:
    for name in MISTAKES[number][1]:
        module, _dot, function = name.partition(".")
        assert callable(getattr(importlib.import_module(f".{module}", __package__), function))
