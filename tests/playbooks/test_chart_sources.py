"""Charts from elsewhere, as a user of the playbooks gets them: a registry with a login, an air-gap bundle."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import Federation, Run, required

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.package import read_chart
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.sources import (
    PASSWORD,
    USER,
    Place,
    push,
    registry,
)

NOWHERE = {"https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9", "no_proxy": "127.0.0.1,localhost"}
"""Whoever leaves this machine ends here."""


@pytest.fixture(scope="module")
def harbor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with registry(tmp_path_factory.mktemp("registry")) as found:
        yield found


def failure(run: Run, task: str, host: str) -> dict[str, str]:
    result = run.of(task)[host]
    return dict(result.get("failure") or result["parties"][host]["failure"])


def test_a_federation_is_deployed_with_a_chart_of_a_registry(federation: Federation, harbor: Place) -> None:
    """Created, packaged, pushed with helm, found by a range, pinned by its digest, kept in the store, deleted."""
    folder = federation.folder
    created = {"fate_chart_path": str(folder / "bank-fate"), "fate_chart_source": "fate", "fate_chart_version": "1.4.0"}
    assert federation.play("chart_create", named=False, **created).code == 0
    packaged = {"fate_chart_path": str(folder / "bank-fate"), "fate_chart_dest": str(folder / "dist")}
    assert federation.play("chart_package", named=False, **packaged).code == 0
    chart = read_chart(str(folder / "dist" / "bank-fate-1.4.0.tgz"))
    manifest = push(harbor, federation.helm, chart)["bank-fate-1.4.0"]

    host = federation.add("9999")
    federation.defaults = {
        "fate_chart": "bank-fate",
        "fate_chart_version": "^1.2",
        "fate_chart_repo_url": harbor.url,
        "fate_chart_repo_username": USER,
        "fate_chart_repo_ca_cert": harbor.ca,
    }
    locked_out = federation.play("deploy_fate", "-vvv", fate_chart_repo_password="wrong-password")
    assert locked_out.code != 0
    assert failure(locked_out, "Plan all parties", host)["kind"] == "unauthorized"
    assert "wrong-password" not in locked_out.text
    wrong = federation.play("deploy_fate", fate_chart_repo_password=PASSWORD, fate_chart_digest="a" * 52)
    assert failure(wrong, "Plan all parties", host)["kind"] == "chart"
    assert federation.kubectl("get", "namespace", federation.namespace(host), "--ignore-not-found") == ""

    federation.extra = {"fate_chart_repo_password": PASSWORD, "fate_chart_digest": manifest}
    first = federation.play("deploy_fate", "-vvv")
    assert first.code == 0
    assert PASSWORD not in first.text
    again = federation.play("deploy_fate")
    assert (again.code, again.changed()) == (0, 0)
    listed = federation.play("clusters", fate_namespace=federation.namespace(host)).of("Look for clusters")
    (cluster,) = next(iter(listed.values()))["clusters"]
    assert (cluster["chart"]["name"], cluster["chart"]["version"]) == ("bank-fate", "1.4.0")
    assert cluster["chart"]["digest"] == chart.digest

    federation.defaults, federation.extra = {}, {}
    asked = {"fate_chart": "bank-fate", "fate_store_namespace": f"{federation.prefix}-store"}
    uploaded = federation.play("chart_upload", **{**asked, "fate_chart_path": chart.path})
    assert (uploaded.code, uploaded.changed()) == (0, 1)
    there = federation.play("charts", **asked, fate_chart_type="fate").of("Look for charts")["localhost"]["charts"]
    assert [(item["source"], item["digest"]) for item in there] == [("store", chart.digest)]
    delete = {**asked, "fate_chart_version": "1.4.0"}
    refused = federation.play("chart_delete", **delete)
    assert refused.code != 0
    assert federation.namespace(host) in refused.of("Upload or delete the chart")["localhost"]["msg"]
    assert federation.play("chart_delete", **delete, fate_chart_force=True).code == 0


def test_a_party_is_deployed_from_a_bundle_with_every_other_source_out_of_reach(federation: Federation) -> None:
    host = federation.add("9999")
    mirror = "harbor.bank.example/fate"
    federation.defaults = {"fate_spec": {"registry": mirror}}
    bundle = federation.folder / "usb" / "bundle"
    made = federation.play("bundle_create", named=False, fate_bundle_dest=str(bundle), fate_mirror_registry=mirror)
    assert made.code == 0
    assert federation.play("bundle_verify", named=False, fate_bundle=str(bundle)).code == 0

    collections = federation.folder / "collections"
    galaxy = Path(required("KUBEFATE_ANSIBLE_BIN")) / "ansible-galaxy"
    (archive,) = (bundle / "collection").iterdir()
    argv = [str(galaxy), "collection", "install", "--offline", "--no-deps", "-p", str(collections), str(archive)]
    known = {"PATH": os.environ["PATH"], "HOME": str(federation.folder), "ANSIBLE_COLLECTIONS_PATH": str(collections)}
    subprocess.run(argv, check=True, capture_output=True, env=known)
    shutil.rmtree(collections / "ansible_collections" / "federatedai" / "kubefate" / "charts")
    env = {**NOWHERE, "ANSIBLE_COLLECTIONS_PATH": str(collections)}

    without = federation.play("deploy_fate", env=env)
    assert without.code != 0
    assert "There is no chart fate" in without.text
    deployed = federation.play("deploy_fate", env=env, fate_bundle=str(bundle))
    assert deployed.code == 0
    manifest = json.loads((bundle / "bundle.json").read_text())
    mirrored = {image["mirror"] for image in manifest["images"]}
    kinds = "deployment", "statefulset"
    pods = [item["spec"]["template"]["spec"] for kind in kinds for item in federation.objects(kind, host)]
    used = {entry["image"] for pod in pods for entry in [*pod["containers"], *pod.get("initContainers", [])]}
    assert used
    assert used <= mirrored, "the map names what the deployment asks for"
    again = federation.play("deploy_fate", env=env, fate_bundle=str(bundle))
    assert (again.code, again.changed()) == (0, 0)

    with (bundle / "charts" / "fate-1.0.0.tgz").open("ab") as stream:
        stream.write(b"x")
    assert federation.play("bundle_verify", named=False, fate_bundle=str(bundle)).code != 0
    damaged = federation.play("deploy_fate", env=env, fate_bundle=str(bundle))
    assert failure(damaged, "Plan all parties", host)["kind"] == "chart"
