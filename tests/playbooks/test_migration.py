"""A cluster.yaml of FATE 1.x, brought to FATE 2 and planned."""

from __future__ import annotations

import json

import yaml
from support import STATE, Federation

OLD = """\
chartName: fate
chartVersion: v1.11.2
partyId: 9999
modules: [rollsite, clustermanager, nodemanager, mysql, python]
computing: Eggroll
federation: Eggroll
storage: Eggroll
rollsite: {type: NodePort, image: federatedai/eggroll}
mysql: {password: n0t-shown}
nodemanager: {replica: 3}
"""


def test_a_cluster_yaml_of_fate_1_is_brought_to_fate_2_and_can_be_deployed(federation: Federation) -> None:
    (federation.folder / "cluster.yaml").write_text(OLD)
    host = federation.add("9999", fate_spec_files=[str(federation.folder / "cluster.yaml")])
    federation.defaults["fate_spec_defaults"] = {}
    refused = federation.play("deploy_fate", "--check")
    assert refused.code != 0
    assert "let the playbook migrate_spec make a cluster.yaml for FATE 2" in " ".join(refused.text.split())

    files = {"fate_spec_files": "cluster.yaml", "fate_spec_dest": "cluster-2.yaml"}
    here = {"PWD": str(federation.folder)}
    new = federation.folder / "cluster-2.yaml"

    dry = federation.play("migrate_spec", "--check", named=False, env=here, **files)
    assert (dry.code, dry.changed(), new.exists()) == (0, 1, False)
    done = federation.play("migrate_spec", named=False, env=here, **files)
    assert done.code == 0
    report = list(done.of("What became of each key").popitem()[1]["msg"])
    where = f"{federation.folder}/cluster.yaml, line"
    assert f"renamed: rollsite.type to osx.type ({where} 8): osx does in FATE 2 what rollsite did." in report
    assert f"changed: federation ({where} 6): Eggroll is OSX in FATE 2." in report
    left = [line for line in report if line.startswith("left to you")]
    assert (
        len(left) == 1 and f"nodemanager.replica ({where} 10): this key is unknown. Did you mean replicas?" in left[0]
    )
    assert "FATE 2 does not read what FATE 1.x has stored" in report[-1]
    assert "n0t-shown" not in done.text + json.dumps(done.results)
    assert new.stat().st_mode & 0o777 == 0o600
    assert (federation.folder / "cluster.yaml").read_text() == OLD
    assert federation.play("migrate_spec", named=False, env=here, **files).changed() == 0

    spec = yaml.safe_load(new.read_text())
    spec["nodemanager"] = {"replicas": spec["nodemanager"].pop("replica")}
    new.write_text(yaml.safe_dump(spec))
    refused = federation.play("migrate_spec", named=False, env=here, **files)
    assert refused.code != 0, "what somebody has edited is not overwritten"
    assert "cluster-2.yaml is there already, with other content" in " ".join(refused.text.split())

    federation.hosts[host]["fate_spec_files"] = [str(new)]
    run = federation.play("deploy_fate", "--check")
    assert run.code == 0
    names = {change["name"] for change in run.of(STATE)[host]["plan"]["changes"]}
    assert {"osx", "nodemanager", "mysql", "python"} <= names
