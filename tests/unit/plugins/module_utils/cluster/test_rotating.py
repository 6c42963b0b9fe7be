# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""New values for Secrets of a cluster that runs: in which order, for whom, and what an interruption leaves behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from ansible_collections.federatedai.kubefate.plugins.module_utils.chart.secrets import decoded
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.context import Context
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.options import Options
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.rotating import rotated
from ansible_collections.federatedai.kubefate.plugins.module_utils.cluster.target import Target, target
from ansible_collections.federatedai.kubefate.plugins.module_utils.errors import Kind, KubefateError
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.executing import Ran
from ansible_collections.federatedai.kubefate.plugins.module_utils.objects import Ref
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.rotating import NEXT, PENDING
from ansible_collections.federatedai.kubefate.plugins.module_utils.plan.show import with_diffs
from ansible_collections.federatedai.kubefate.plugins.module_utils.spec.loading import Spec
from ansible_collections.federatedai.kubefate.plugins.module_utils.yamltext import dump_yaml
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit import deployed
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.charts import chart
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.helm import FakeRunner, Helm
from ansible_collections.federatedai.kubefate.tests.unit.plugins.kit.memory import MemoryApi

NAME = SPACE = "fate-9999"
OLD = {"username": "fate", "password": "old-password", "root-password": "old-root-password"}
DECLARED: list[dict[str, Any]] = [
    {
        "name": "fate-mysql",
        "existing": "mysql.existingSecret",
        "modules": ["mysql"],
        "keys": {
            "username": {"spec": "mysql.user", "default": "fate"},
            "password": {"spec": "mysql.password", "generate": 24},
            "root-password": {"generate": 24},
        },
        "rotate": {"keys": ["password", "root-password"], "module": "mysql", "script": "change it\n"},
    },
    {
        "name": "fate-fateboard",
        "modules": ["fateboard"],
        "keys": {"username": {"default": "admin"}, "password": {"generate": 16}},
        "rotate": {"keys": ["password"]},
    },
    {"name": "osx-certs", "modules": ["osx"], "create": False, "keys": {"tls.key": {"required": True}}},
    {"name": "cookie", "modules": ["mysql"], "keys": {"cookie": {"generate": 20}}},
]
MODULES = ("mysql", "python", "fateboard", "osx")
READS = {"mysql": ["fate-mysql"], "python": ["fate-mysql"], "fateboard": ["fate-fateboard"], "osx": []}


def workload(module: str, replicas: int = 1) -> dict[str, Any]:
    labels = {"name": NAME, "fateMoudle": module}
    env = [
        {"name": f"V{number}", "valueFrom": {"secretKeyRef": {"name": name, "key": "password"}}}
        for number, name in enumerate(READS[module])
    ]
    pod = {"containers": [{"name": module, "image": "i:1", "env": env}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {
            "name": module,
            "namespace": SPACE,
            "uid": f"uid-{module}",
            "labels": {**labels, "cluster": "fate"},
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def secret(name: str, **values: str) -> dict[str, Any]:
    return deployed.secret(name, SPACE, {key.replace("_", "-"): value for key, value in values.items()})


class Interrupted(BaseException):
    """The run is killed."""


class Cluster(MemoryApi):
    """A party whose MySQL takes whatever password it is told by somebody who knows the present one.

    killed_at: the number of the step, write or command, before which the run ends. idle: FATE-Flow's pod is simulated,
    so that no training job can run.
    """

    def __init__(
        self, *, simulated: bool = False, ready: bool = True, idle: bool = True, modules: Sequence[str] = MODULES
    ):
        workloads = [workload(module) for module in modules]
        pods = [
            deployed.pod(
                item,
                simulated=simulated or (idle and module == "python"),
                ready=ready or module != "mysql",
            )
            for module, item in zip(modules, workloads, strict=True)
        ]
        super().__init__(
            *workloads,
            *pods,
            deployed.record(NAME, SPACE, workloads),
            secret("fate-mysql", username="fate", password="old-password", root_password="old-root-password"),
            secret("fate-fateboard", username="admin", password="old-board"),
            secret("cookie", cookie="crumbs"),
        )
        self.server = dict(OLD)
        self.told: list[tuple[Sequence[str], str]] = []
        self.steps = 0
        self.killed_at = 0
        self.events: list[str] = []

    def _step(self) -> None:
        self.steps += 1
        if self.steps == self.killed_at:
            raise Interrupted

    def request(self, method: str, path: str, query: Any = None, body: Any = None, **options: Any) -> dict[str, Any]:
        kinds = ("/secrets/", "/statefulsets/")
        if method != "GET" and any(kind in path for kind in kinds):
            self._step()
            self.events.append(path.rsplit("/", 1)[-1])
        return super().request(method, path, query, body, **options)

    def execute(self, ref: Ref, container: str, command: Sequence[str], stdin: str, seconds: float) -> Ran:
        self._step()
        self.events.append("tell")
        self.told.append((command, stdin))
        assert (ref.name, container) == ("mysql-0", "mysql")
        old_user, _user, _old, new, old_root, new_root = stdin.splitlines()
        assert old_user == "fate"
        if self.server["root-password"] not in (old_root, new_root):
            return Ran(1, "", f"Access denied for root with {old_root}")
        self.server |= {"password": new, "root-password": new_root}
        return Ran(0, "", "")

    def values(self, name: str) -> dict[str, str]:
        data = self.objects[Ref("v1", "Secret", SPACE, name)]["data"]
        return {key: decoded(value) for key, value in data.items()}

    def marks(self, module: str) -> dict[str, str]:
        template = self.objects[Ref("apps/v1", "StatefulSet", SPACE, module)]["spec"]["template"]["metadata"]
        return dict(template.get("annotations") or {})

    def restarted(self) -> set[str]:
        return {module for module in MODULES if any("restartedAt" in key for key in self.marks(module))}

    def pending(self, name: str) -> bool:
        metadata = self.objects[Ref("v1", "Secret", SPACE, name)]["metadata"]
        return PENDING in (metadata.get("annotations") or {})


def wanted(**spec: Any) -> Target:
    made = chart({"secrets.yaml": dump_yaml({"secrets": DECLARED}), "values-template.yaml": "{}"})
    return target(NAME, SPACE, made, Spec({"partyId": "9999", "modules": [*MODULES], **spec}))


def run(
    api: Cluster, *named: str, check_mode: bool = False, given: Any = None, spec: Any = None, **options: Any
) -> dict[str, Any]:
    context = Context(api, Helm(FakeRunner(), "helm"), Options(wait=False, **options), "somebody")
    return rotated(context, wanted(**(spec or {})), named, given or {}, check_mode=check_mode)


def refused(work: Callable[[], Any]) -> KubefateError:
    with pytest.raises(KubefateError) as caught:
        work()
    return caught.value


# what is done -----------------------------------------------------------------------------------------------------
def test_the_server_is_told_then_the_secret_changes_then_exactly_its_readers_restart() -> None:
    api = Cluster()
    result = run(api)
    values = api.values("fate-mysql")
    assert values["username"] == "fate"
    assert len(values["password"]) == len(values["root-password"]) == 24
    assert api.server == values
    assert api.values("fate-fateboard")["password"] != "old-board"
    assert api.values("cookie") == {"cookie": "crumbs"}, "nothing says how it is rotated"
    # The server itself has been told: without a volume a restart would lose its data.
    assert api.restarted() == {"python", "fateboard"}
    assert not api.pending("fate-mysql") and not any(key.startswith(NEXT) for key in values)
    assert api.events.index("tell") < api.events.index("python")
    assert result["changed"] and result["plan"]["operation"] == "rotate"
    assert {(entry["kind"], entry["name"]) for entry in result["plan"]["restarts"]} == {
        ("StatefulSet", "python"),
        ("StatefulSet", "fateboard"),
    }
    assert result["job"]["method"] == "ClusterRotateSecrets"


def test_no_value_stands_in_a_command_a_result_or_a_job_record() -> None:
    api = Cluster()
    result = with_diffs(run(api), True)
    (command, _stdin) = api.told[0]
    text = json.dumps([command, result, [obj for obj in api.objects.values() if obj["kind"] == "ConfigMap"]])
    for value in [
        *OLD.values(),
        "old-board",
        *api.values("fate-mysql").values(),
        api.values("fate-fateboard")["password"],
    ]:
        assert value in ("fate", "admin") or value not in text


def test_two_rotations_give_different_values_and_restart_each_time() -> None:
    api = Cluster()
    run(api)
    first = api.values("fate-mysql"), api.marks("python")[PENDING]
    run(api)
    assert api.values("fate-mysql")["password"] != first[0]["password"]
    assert api.marks("python")[PENDING] != first[1]
    assert api.server == api.values("fate-mysql")


def test_only_what_is_named_is_rotated() -> None:
    api = Cluster()
    run(api, "fate-fateboard")
    assert api.values("fate-mysql") == OLD and not api.told
    assert api.restarted() == {"fateboard"}


def test_check_mode_says_it_all_and_changes_nothing() -> None:
    api = Cluster()
    result = run(api, check_mode=True)
    assert result["changed"] and not api.writes and not api.told
    changes = {(entry["kind"], entry["name"]): entry for entry in result["plan"]["changes"]}
    assert [field["path"] for field in changes["Secret", "fate-mysql"]["fields"]] == [
        "data.password",
        "data.root-password",
    ]
    assert "generated" in changes["Secret", "fate-mysql"]["reason"]
    assert result["plan"]["known_after_apply"] == [
        "Secret/fate-mysql: the generated values",
        "Secret/fate-fateboard: the generated values",
    ]


# values -----------------------------------------------------------------------------------------------------------
def test_a_value_may_be_given() -> None:
    api = Cluster()
    run(api, "fate-mysql", given={"fate-mysql": {"password": "my own choice"}})
    assert api.values("fate-mysql")["password"] == "my own choice" == api.server["password"]
    assert api.values("fate-mysql")["root-password"] not in ("", "old-root-password")


def test_a_value_that_the_spec_gives_is_taken_from_there() -> None:
    api = Cluster()
    run(api, "fate-mysql", spec={"mysql": {"password": "from-the-vault"}})
    assert api.values("fate-mysql")["password"] == "from-the-vault" == api.server["password"]


def test_a_value_that_the_spec_gives_already_is_left_to_the_spec() -> None:
    api = Cluster()
    result = run(api, spec={"mysql": {"password": "old-password"}})
    assert api.values("fate-mysql")["password"] == "old-password"
    assert api.values("fate-mysql")["root-password"] != "old-root-password"
    assert any("mysql.password of the spec" in entry["text"] for entry in result["plan"]["findings"])


@pytest.mark.parametrize(
    ("named", "given", "spec", "said"),
    [
        (["mysql"], {}, {}, "no Secret mysql that could be rotated"),
        (["cookie"], {}, {}, "no Secret cookie that could be rotated"),
        ([], {"fate-mysql": {"username": "me"}}, {}, "Key username of Secret fate-mysql cannot be rotated"),
        ([], {"fate-mysql": {"password": ""}}, {}, "is empty, or has characters"),
        ([], {"fate-mysql": {"password": "a\nb"}}, {}, "is empty, or has characters"),
        ([], {"fate-mysql": {"password": "p\u00e4ss"}}, {}, "is empty, or has characters"),
        ([], {"osx-certs": {"tls.key": "x"}}, {}, "never changed here"),
        ([], {"mine": {"password": "x"}}, {"mysql": {"existingSecret": "mine"}}, "never changed here"),
        ([], {"fate-mysql": {"password": "a"}}, {"mysql": {"password": "b"}}, "given both by secret_values"),
    ],
)
def test_wrong_input_is_refused_and_nothing_changes(named: Any, given: Any, spec: Any, said: str) -> None:
    api = Cluster()
    error = refused(lambda: run(api, *named, given=given, spec=spec))
    assert said in error.msg and error.kind is Kind.INPUT
    assert not api.writes


def test_a_secret_of_the_user_s_own_is_never_changed_and_may_be_named() -> None:
    api = Cluster()
    api.put(secret("mine", username="me", password="mine", root_password="mine"))
    result = run(api, "mine", spec={"mysql": {"existingSecret": "mine"}})
    assert not result["changed"] and not api.writes
    assert any("Secret mine is your own" in entry["text"] for entry in result["plan"]["findings"])


def test_the_password_of_a_server_elsewhere_changes_only_to_a_given_value() -> None:
    api = Cluster(modules=["python", "fateboard", "osx"])
    result = run(api, "fate-mysql")
    assert not result["changed"] and any(
        "not part of this cluster" in item["text"] for item in result["plan"]["findings"]
    )
    run(api, "fate-mysql", given={"fate-mysql": {"password": "changed there"}})
    assert api.values("fate-mysql")["password"] == "changed there" and not api.told
    assert api.values("fate-mysql")["root-password"] == "old-root-password"


# the server -------------------------------------------------------------------------------------------------------
def test_a_server_that_is_not_ready_is_not_rotated() -> None:
    api = Cluster(ready=False)
    error = refused(lambda: run(api))
    assert "its server, mysql, is not ready" in error.msg and error.kind is Kind.UNHEALTHY
    assert not api.writes


def test_a_server_that_refuses_leaves_both_values_and_the_readers_as_they_are() -> None:
    api = Cluster()
    api.server["root-password"] = "changed by hand"
    error = refused(lambda: run(api, "fate-mysql"))
    assert "mysql did not take the new values of Secret fate-mysql: exit code 1" in error.msg
    assert {key: api.values("fate-mysql")[key] for key in OLD} == OLD
    assert f"{NEXT}password" in api.values("fate-mysql")
    assert api.restarted() == set()
    # Once it is in order again, the next run goes on with what this one began.
    coming = api.values("fate-mysql")[f"{NEXT}password"]
    api.server["root-password"] = OLD["root-password"]
    run(api, "fate-mysql")
    assert api.values("fate-mysql")["password"] == coming == api.server["password"]


def test_simulated_pods_are_told_nothing_and_that_is_said() -> None:
    api = Cluster(simulated=True)
    result = run(api)
    assert not api.told
    assert any(entry["text"].startswith("SIMULATED") for entry in result["plan"]["findings"])
    assert api.values("fate-mysql")["password"] != "old-password"
    assert api.restarted() == {"python", "fateboard"}


# interruptions ----------------------------------------------------------------------------------------------------
def test_a_run_that_is_killed_at_any_point_is_finished_by_the_next() -> None:
    api = Cluster()
    run(api)
    total = api.steps
    assert total >= 9
    for killed_at in range(1, total + 1):
        check_interruption(killed_at)


def check_interruption(killed_at: int) -> None:
    api = Cluster()
    api.killed_at = killed_at
    with pytest.raises(Interrupted):
        run(api)
    api.killed_at = 0
    release_lease(api)
    begun = {name: api.values(name).get(f"{NEXT}password") for name in ("fate-mysql", "fate-fateboard")}
    run(api)
    for name in ("fate-mysql", "fate-fateboard"):
        values = api.values(name)
        assert not api.pending(name) and not any(key.startswith(NEXT) for key in values), killed_at
        assert begun[name] is None or values["password"] == begun[name], killed_at
    # Whoever logs in with what the Secret says gets in, and whoever reads it was restarted since.
    assert api.server == api.values("fate-mysql"), killed_at
    if api.values("fate-mysql") != OLD:
        assert "python" in api.restarted(), killed_at
    if api.values("fate-fateboard")["password"] != "old-board":
        assert "fateboard" in api.restarted(), killed_at
    assert "mysql" not in api.restarted() and "osx" not in api.restarted(), killed_at


def release_lease(api: Cluster) -> None:
    """The Lease of a run that was killed: it runs out."""
    for ref in [ref for ref in api.objects if ref.kind == "Lease"]:
        api.drop(ref)


def test_a_second_run_does_not_restart_again_what_the_first_did() -> None:
    api = Cluster()
    run(api)
    api.steps = 0
    # Killed when all pods were replaced and only the mark was left.
    api.killed_at = 8
    with pytest.raises(Interrupted):
        run(api)
    assert api.pending("fate-mysql")
    marks = api.marks("python"), api.marks("fateboard")
    api.killed_at = 0
    release_lease(api)
    result = run(api)
    assert (api.marks("python"), api.marks("fateboard")) == marks
    assert result["plan"]["restarts"] == [] and not api.pending("fate-mysql")


def test_an_unfinished_rotation_is_finished_before_another_begins_and_that_is_said() -> None:
    api = Cluster()
    api.killed_at = 4
    with pytest.raises(Interrupted):
        run(api, "fate-mysql")
    api.killed_at = 0
    release_lease(api)
    result = run(api)
    assert api.values("fate-fateboard")["password"] == "old-board"
    assert any("was interrupted and is finished first" in entry["text"] for entry in result["plan"]["findings"])


def test_a_secret_that_somebody_changes_meanwhile_is_left_alone() -> None:
    api = Cluster()
    real = api.execute

    def meddled(*arguments: Any) -> Ran:
        api.put(secret("fate-mysql", username="fate", password="meddled", root_password="old-root-password"))
        return real(*arguments)

    api.execute = meddled  # type: ignore[method-assign]
    error = refused(lambda: run(api, "fate-mysql"))
    assert "was changed by somebody else just now" in error.msg and error.kind is Kind.CONFLICT
    assert api.values("fate-mysql")["password"] == "meddled"


# what must be so first --------------------------------------------------------------------------------------------
def test_training_jobs_are_asked_about_before_anything_changes() -> None:
    api = Cluster(idle=False)
    error = refused(lambda: run(api, "fate-mysql"))
    assert error.kind is Kind.BUSY and "python would lose pods" in error.msg
    assert api.values("fate-mysql") == OLD and not api.told
    run(api, "fate-mysql", running_fate_jobs="ignore")
    assert api.server == api.values("fate-mysql")
    # What no job needs asks nobody.
    run(api, "fate-fateboard")


def test_a_release_that_is_not_there_is_refused() -> None:
    api = Cluster()
    api.drop(Ref("v1", "Secret", SPACE, f"sh.helm.release.v1.{NAME}.v1"))
    assert "There is no release fate-9999" in refused(lambda: run(api)).msg


def test_a_secret_that_is_not_there_yet_asks_for_a_deployment() -> None:
    api = Cluster()
    api.drop(Ref("v1", "Secret", SPACE, "fate-fateboard"))
    error = refused(lambda: run(api))
    assert "Secret fate-fateboard does not exist" in error.msg and "Deploy the cluster first" in error.hint
