# Copyright: the contributors of federatedai.kubefate
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shell text that containers run: it parses, and passwords of any kind reach the files as they are."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from .kit import Helm, Manifests, Spec, merged, party, pulsar_party, rabbitmq_party

AWKWARD = r"""a/b&c\d%e'f"g$h`i;j|k(l)*m#n!o=p:q@r s~t{u}v<w>x^y"""
PASSWORDS = [AWKWARD, "plain123", "\\n&\\1", "%%d", "'", "  x  ", "$MYSQL_USER", "@POD_IP"]
P = "/data/projects/fate"


def scripts(manifests: Manifests) -> dict[str, tuple[str, str]]:
    """Shell and text of every container that runs one."""
    found = {}
    for pod in manifests.pods():
        for container in pod["containers"] + pod.get("initContainers", []):
            command = container.get("command", [])
            if "-c" in command:
                shell = command[command.index("-c") - 1]
                found[container["name"]] = (shell, command[-1])
    return found


@pytest.mark.parametrize("version", ["2.0.0", "2.2.0"])
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_every_script_parses(helm: Helm, version: str, shell: str) -> None:
    spec = party(fateVersion=version, client={"image": "example/client", "imageTag": "1"}, osx={"enableTLS": True})
    found = scripts(helm.render(spec))
    assert set(found) == {
        *(
            "osx",
            "clustermanager",
            "prepare-mysql",
            "nodemanager",
            "fateflow",
            "ping-mysql",
            "fateboard",
            "client",
            "test",
        )
    }
    for name, (_rest, text) in found.items():
        done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_every_script_of_queues_parses_and_is_left_alone_by_kubernetes(helm3: Helm, shell: str) -> None:
    secure: Spec = {"nginx": {"enableTLS": True}, "rabbitmq": {"enableTLS": True}}
    found = scripts(helm3.render(merged(rabbitmq_party(persistence=True), secure)))
    found |= scripts(helm3.render(pulsar_party()))
    assert set(found) >= {"nginx", "rabbitmq", "tunnel", "pulsar", "fateflow", "delete-lost-found"}
    for name, (_rest, text) in found.items():
        done = subprocess.run([shell, "-n"], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        assert "$$" not in text and not re.search(r"\$\([A-Za-z_][A-Za-z0-9_.-]*\)", text), name


def test_kubernetes_replaces_nothing_in_a_script(helm: Helm) -> None:
    """Kubernetes makes $$ to $ and puts in a variable for $(NAME)."""
    for name, (_rest, text) in scripts(helm.render(party())).items():
        assert "$$" not in text, name
        assert not re.search(r"\$\([A-Za-z_][A-Za-z0-9_.-]*\)", text), name


def run_start(
    manifests: Manifests, name: str, root: Path, env: dict[str, str], *paths: str
) -> subprocess.CompletedProcess[str]:
    """Run the start of a container below a folder, up to and without the program itself. paths: of the container that
    lie in that folder then."""
    text = manifests.script(name)
    text = text[: text.rindex("\nexec ") + 1]
    for path in (*(paths or (P,)), "/etc/fate"):
        text = text.replace(f"{path}/", f"{root}{path}/")
    work = root / manifests.container(name).get("workingDir", "/").lstrip("/")
    work.mkdir(parents=True, exist_ok=True)
    environment = {"PATH": os.environ["PATH"], **env}
    return subprocess.run(["sh", "-c", text], cwd=work, env=environment, capture_output=True, text=True, check=False)


def prepared(root: Path, manifests: Manifests, config_map: str, key: str, target: str) -> Path:
    """Put a ConfigMap's file where it is mounted and one of the image, readable to all, where it goes to."""
    source = root / "etc/fate" / key
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(manifests.data(config_map, key), encoding="utf-8")
    file = root / target.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("of the image\n", encoding="utf-8")
    file.chmod(0o644)
    return file


def java_value(text: str) -> str:
    """A value as java.util.Properties reads it."""
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text.lstrip())


def properties(file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines() if "=" in line)


@pytest.mark.parametrize("password", PASSWORDS)
def test_fate_flow_reads_the_password_as_it_is(helm3: Helm, tmp_path: Path, password: str) -> None:
    manifests = helm3.render(party())
    conf = prepared(tmp_path, manifests, "python-config", "service_conf.yaml", f"{P}/fate_flow/conf/service_conf.yaml")
    eggroll = prepared(
        tmp_path, manifests, "eggroll-config", "eggroll.properties", f"{P}/eggroll/conf/eggroll.properties"
    )
    env = {"POD_IP": "10.1.2.3", "MYSQL_USER": "o'brien", "MYSQL_PASSWORD": password}
    done = run_start(manifests, "python", tmp_path, env)
    assert done.returncode == 0, done.stderr
    assert done.stdout + done.stderr == ""
    parsed = yaml.safe_load(conf.read_text(encoding="utf-8"))
    assert parsed["database"]["mysql"]["passwd"] == password
    assert parsed["database"]["mysql"]["user"] == "o'brien"
    assert parsed["fateflow"]["host"] == "10.1.2.3"
    assert stat.S_IMODE(conf.stat().st_mode) == 0o600
    assert properties(eggroll)["eggroll.resourcemanager.clustermanager.jdbc.password"] == ""


@pytest.mark.parametrize("password", PASSWORDS)
def test_cluster_manager_reads_the_password_as_it_is(helm3: Helm, tmp_path: Path, password: str) -> None:
    manifests = helm3.render(party())
    file = prepared(tmp_path, manifests, "eggroll-config", "eggroll.properties", f"{P}/eggroll/conf/eggroll.properties")
    done = run_start(manifests, "clustermanager", tmp_path, {"MYSQL_USER": "fate", "MYSQL_PASSWORD": password})
    assert done.returncode == 0, done.stderr
    written = properties(file)["eggroll.resourcemanager.clustermanager.jdbc.password"]
    assert java_value(written) == password
    # Python's configparser, which reads this file too, would stumble.
    assert "%" not in file.read_text(encoding="utf-8")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_cluster_manager_keeps_its_settings_out_of_its_log(helm3: Helm, tmp_path: Path) -> None:
    manifests = helm3.render(party())
    prepared(tmp_path, manifests, "eggroll-config", "eggroll.properties", f"{P}/eggroll/conf/eggroll.properties")
    log4j = tmp_path / P.lstrip("/") / "eggroll/conf/log4j2.xml"
    log4j.write_text("<Configuration><Loggers><Root level='info'/></Loggers></Configuration>", encoding="utf-8")
    done = run_start(manifests, "clustermanager", tmp_path, {"MYSQL_USER": "fate", "MYSQL_PASSWORD": "x"})
    assert done.returncode == 0, done.stderr
    assert '<Loggers><Logger name="org.fedai.eggroll.core.config.MetaInfo" level="warn"/><Root' in log4j.read_text(
        encoding="utf-8"
    )


def test_each_nodemanager_writes_its_own_name_and_no_password(helm3: Helm, tmp_path: Path) -> None:
    manifests = helm3.render(party())
    for name in ("nodemanager-0", "nodemanager-1"):
        file = prepared(
            tmp_path / name, manifests, "eggroll-config", "eggroll.properties", f"{P}/eggroll/conf/eggroll.properties"
        )
        done = run_start(manifests, "nodemanager", tmp_path / name, {"POD_NAME": name})
        assert done.returncode == 0, done.stderr
        settings = properties(file)
        assert settings["eggroll.resourcemanager.nodemanager.host"] == f"{name}.nodemanager"
        assert settings["eggroll.resourcemanager.clustermanager.jdbc.password"] == ""
        assert "@" not in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("version", ["2.0.0", "2.2.0"])
@pytest.mark.parametrize("password", PASSWORDS)
def test_board_reads_the_password_as_it_is(helm3: Helm, tmp_path: Path, version: str, password: str) -> None:
    manifests = helm3.render(party(fateVersion=version, modules=["fateboard"]))
    target = manifests.container("fateboard")["workingDir"] + "/conf/application.properties"
    file = prepared(tmp_path, manifests, "fateboard-config", "application.properties", target)
    done = run_start(manifests, "fateboard", tmp_path, {"BOARD_USERNAME": "admin", "BOARD_PASSWORD": password})
    assert done.returncode == 0, done.stderr
    assert java_value(properties(file)["server.board.login.password"]) == password
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("password", ["a${b}", "a#{b}"])
def test_board_refuses_a_password_that_it_would_misread_and_does_not_say_it(
    helm3: Helm, tmp_path: Path, password: str
) -> None:
    manifests = helm3.render(party(modules=["fateboard"]))
    target = manifests.container("fateboard")["workingDir"] + "/conf/application.properties"
    prepared(tmp_path, manifests, "fateboard-config", "application.properties", target)
    done = run_start(manifests, "fateboard", tmp_path, {"BOARD_USERNAME": "admin", "BOARD_PASSWORD": password})
    assert done.returncode == 1 and "FATE-Board takes no" in done.stderr and password not in done.stderr


WAIT_CASES = {
    "answers": ("exit 0", 0, "answers."),
    "refuses": ('echo "ERROR 1045 (28000): Access denied for user" >&2; exit 1', 1, "refuses the user and password"),
    "never answers": ('echo "ERROR 2003 (HY000): Can\'t connect" >&2; exit 1', 1, "did not answer within 3 s"),
}


@pytest.mark.parametrize("case", WAIT_CASES)
def test_wait_for_the_database(helm3: Helm, tmp_path: Path, case: str) -> None:
    client, code, said = WAIT_CASES[case]
    fake = tmp_path / "mysql"
    fake.write_text(f'#!/bin/sh\n[ "$MYSQL_PWD" = "p w" ] || exit 7\n{client}\n', encoding="utf-8")
    fake.chmod(0o755)
    (tmp_path / "sleep").symlink_to("/bin/true")
    text = helm3.render(party()).pod("python")["initContainers"][0]["command"][-1]
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "MYSQL_HOST": "db", "MYSQL_PORT": "3306", "WAIT_SECONDS": "3"}
    env |= {"MYSQL_DATABASE": "fate", "MYSQL_USER": "fate", "MYSQL_PASSWORD": "p w"}
    done = subprocess.run(["bash", "-c", text], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code and said in done.stdout + done.stderr
    assert "p w" not in done.stdout + done.stderr


def test_fate_flow_gets_its_queue_tables_and_no_password_in_its_variables(helm3: Helm, tmp_path: Path) -> None:
    manifests = helm3.render(rabbitmq_party())
    conf = prepared(tmp_path, manifests, "python-config", "service_conf.yaml", f"{P}/fate_flow/conf/service_conf.yaml")
    prepared(tmp_path, manifests, "python-config", "spark-defaults.conf", f"{P}/spark-conf/spark-defaults.conf")
    table = tmp_path / "etc/fate/routes/rabbitmq_route_table.yaml"
    table.parent.mkdir(parents=True)
    table.write_text(manifests.data("rabbitmq-route-table", "rabbitmq_route_table.yaml"), encoding="utf-8")
    env = {
        "POD_IP": "10.1.2.3",
        "MYSQL_USER": "fate",
        "MYSQL_PASSWORD": "x",
        "SPARK_CONF_DIR": f"{tmp_path}{P}/spark-conf",
    }
    done = run_start(manifests, "python", tmp_path, {**env, "RABBITMQ_USER": "mq", "RABBITMQ_PASSWORD": "p'w"})
    assert done.returncode == 0, done.stderr
    rabbitmq = yaml.safe_load(conf.read_text(encoding="utf-8"))["federation"]["rabbitmq"]
    assert (rabbitmq["user"], rabbitmq["password"]) == ("mq", "p'w")
    link = tmp_path / P.lstrip("/") / "fate_flow/conf/rabbitmq_route_table.yaml"
    assert link.is_symlink() and link.read_text(encoding="utf-8") == table.read_text(encoding="utf-8")
    defaults = tmp_path / P.lstrip("/") / "spark-conf/spark-defaults.conf"
    assert "spark.driver.host 10.1.2.3" in defaults.read_text(encoding="utf-8")
    assert "unset MYSQL_USER MYSQL_PASSWORD RABBITMQ_USER RABBITMQ_PASSWORD\n" in manifests.script("python")


@pytest.mark.parametrize(("password", "code"), [("Abc.123~-_", 0), ("a b", 1), ("a#b", 1)])
def test_rabbitmq_takes_the_password_that_is_safe_in_urls(
    helm3: Helm, tmp_path: Path, password: str, code: int
) -> None:
    manifests = helm3.render(rabbitmq_party())
    text = manifests.script("rabbitmq")
    text = (
        text[: text.rindex("\nexec ") + 1]
        .replace("/run/rabbitmq", f"{tmp_path}/run")
        .replace("/etc/fate", str(tmp_path))
    )
    (tmp_path / "run").mkdir()
    (tmp_path / "rabbitmq.conf").write_text(manifests.data("rabbitmq-config", "rabbitmq.conf"), encoding="utf-8")
    env = {"PATH": os.environ["PATH"], "RABBITMQ_USER": "fate", "RABBITMQ_PASSWORD": password}
    done = subprocess.run(["sh", "-c", text], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == code and password not in done.stdout + done.stderr
    if not code:
        assert f"default_pass = {password}\n" in (tmp_path / "run/rabbitmq.conf").read_text(encoding="utf-8")


def test_names_in_the_table_of_nginx_become_addresses(helm3: Helm, tmp_path: Path) -> None:
    manifests = helm3.render(merged(rabbitmq_party(), {"nginx": {"route_table": {"10000": {"fateflow": [LOCALHOST]}}}}))
    text = manifests.script("nginx")
    function = text[text.index("with_addresses() {") : text.index("settings() {")]
    (tmp_path / "conf").mkdir()
    table = tmp_path / "route_table.yaml"
    table.write_text(manifests.data("nginx-route-table", "route_table.yaml"), encoding="utf-8")
    script = function.replace("/etc/fate", str(tmp_path)) + "\nwith_addresses\nwith_addresses\n"
    done = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = yaml.safe_load((tmp_path / "conf/route_table.yaml").read_text(encoding="utf-8"))
    assert written[10000]["fateflow"][0] == {**LOCALHOST, "host": "127.0.0.1"}
    # A name that cannot be looked up stays, and is tried again.
    assert written[9999]["fateflow"][0]["host"] == "fateflow"
    assert sorted(path.name for path in (tmp_path / "conf").iterdir()) == ["route_table.yaml"]


LOCALHOST = {"host": "localhost", "http_port": 1, "grpc_port": 2}


def test_nginx_takes_up_certificates_that_change_and_no_others(helm3: Helm, tmp_path: Path) -> None:
    """With a program in nginx's place that notes what it is called with."""
    manifests = helm3.render(merged(rabbitmq_party(), {"nginx": {"enableTLS": True}}))
    calls, home = tmp_path / "calls", tmp_path / "home"
    certificates, programs = tmp_path / "certificates", tmp_path / "bin"
    for folder in (home / "conf", certificates, programs, tmp_path / "etc"):
        folder.mkdir(parents=True)
    (tmp_path / "etc" / "nginx.conf").write_text("events {}\n")
    (tmp_path / "etc" / "route_table.yaml").write_text("")
    openresty = programs / "openresty"
    openresty.write_text(f'#!/bin/sh\necho "$*" >> {calls}\n[ "$1" != -g ] || exec sleep 60\n')
    openresty.chmod(0o755)
    text = manifests.script("nginx").replace("sleep 5 &", "sleep 0.1 &")
    for path, there in (
        ("/etc/fate/certificates", certificates),
        ("/etc/fate/", f"{tmp_path}/etc/"),
        ("/data/projects/fate/proxy/nginx", home),
    ):
        assert path in text
        text = text.replace(path, str(there))

    def called(count: int) -> list[str]:
        end = time.monotonic() + 20
        while time.monotonic() < end:
            found = calls.read_text().splitlines() if calls.exists() else []
            if len(found) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError(f"it was not called {count} times: {found}")

    for name in ("tls.crt", "tls.key", "ca.crt"):
        (certificates / name).write_text("old")
    environment = {"PATH": f"{programs}:{os.environ['PATH']}"}
    with subprocess.Popen(["sh", "-c", text], env=environment, start_new_session=True) as process:
        try:
            called(1)
            time.sleep(0.5)
            (certificates / "tls.crt").write_text("new")
            assert called(3)[1:] == ["-t", "-s reload"]
            (certificates / "ca.crt").write_text("new")
            assert called(5)[3:] == ["-t", "-s reload"]
        finally:
            os.killpg(process.pid, signal.SIGKILL)
