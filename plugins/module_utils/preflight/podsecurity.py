# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which level of the Pod Security Standards pods fulfil, by the same rules as the admission plugin of Kubernetes.

Source: "Pod Security Standards" of the documentation of Kubernetes 1.34.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..objects import labels_of
from .model import Check, Finding, PartyFacts, failed, hidden, passed
from .pods import containers, workloads

LEVELS = ("privileged", "baseline", "restricted")
ENFORCE = "pod-security.kubernetes.io/enforce"
_CAPABILITIES = {
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
}
_SYSCTLS = {
    "kernel.shm_rmid_forced",
    "net.ipv4.ip_local_port_range",
    "net.ipv4.ip_unprivileged_port_start",
    "net.ipv4.tcp_syncookies",
    "net.ipv4.ping_group_range",
    "net.ipv4.ip_local_reserved_ports",
    "net.ipv4.tcp_keepalive_time",
    "net.ipv4.tcp_fin_timeout",
    "net.ipv4.tcp_keepalive_intvl",
    "net.ipv4.tcp_keepalive_probes",
    "net.ipv4.tcp_rmem",
    "net.ipv4.tcp_wmem",
}
_SELINUX = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
    "name",
}
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"
_SECCOMP = ("RuntimeDefault", "Localhost")


def check_pod_security(party: PartyFacts) -> Iterator[Finding]:
    wanted = str(party.labels.get(ENFORCE) or "")
    level = wanted or str(labels_of(party.namespace_object or {}).get(ENFORCE) or "")
    found = {item.owner: violations(item.spec, item.metadata) for item in workloads(party.objects)}
    fulfilled = _fulfilled(found)
    if not level and not party.namespace_visible:
        yield hidden(
            Check.POD_SECURITY,
            f"the level of namespace {party.namespace}",
            f"get namespaces in namespace {party.namespace}",
            f"The pods fulfil {fulfilled}.",
        )
        return
    if level not in LEVELS or level == "privileged":
        yield passed(Check.POD_SECURITY, f"the pods fulfil {fulfilled}; the namespace asks for {level or 'nothing'}")
        return
    broken = {owner: _up_to(level, given) for owner, given in found.items()}
    for owner, texts in broken.items():
        if texts:
            yield failed(
                Check.POD_SECURITY,
                f"{owner} is not {level}, which namespace {party.namespace} enforces: {'; '.join(texts)}",
                f"Change the spec, or give the namespace the label {ENFORCE}: {_level_of(found[owner])}.",
                owner,
            )
    if not any(broken.values()):
        yield passed(Check.POD_SECURITY, f"the pods fulfil {fulfilled}; the namespace enforces {level}")


def _fulfilled(found: Mapping[str, Mapping[str, Sequence[str]]]) -> str:
    """The highest level that all fulfil."""
    return min((_level_of(given) for given in found.values()), key=LEVELS.index, default=LEVELS[-1])


def _level_of(given: Mapping[str, Sequence[str]]) -> str:
    if given["baseline"]:
        return "privileged"
    return "baseline" if given["restricted"] else "restricted"


def _up_to(level: str, given: Mapping[str, Sequence[str]]) -> list[str]:
    return [*given["baseline"], *(given["restricted"] if level == "restricted" else ())]


def violations(spec: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, list[str]]:
    """What keeps a pod from each level, beyond what keeps it from the one below."""
    return {"baseline": list(_baseline(spec, metadata)), "restricted": list(_restricted(spec))}


def _contexts(spec: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return [
        (f"container {container.get('name')}", container.get("securityContext") or {}) for container in containers(spec)
    ]


def _baseline(spec: Mapping[str, Any], metadata: Mapping[str, Any]) -> Iterator[str]:
    pod = spec.get("securityContext") or {}
    for key in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(key):
            yield f"{key} is true"
    for volume in spec.get("volumes") or []:
        if "hostPath" in volume:
            yield f"volume {volume.get('name')} is a folder of the host"
    for entry in pod.get("sysctls") or []:
        if entry.get("name") not in _SYSCTLS:
            yield f"sysctl {entry.get('name')} is set"
    for key, value in (metadata.get("annotations") or {}).items():
        plain = str(value) in ("", "runtime/default") or str(value).startswith("localhost/")
        if key.startswith(_APPARMOR) and not plain:
            yield f"AppArmor is {value}"
    for container in containers(spec):
        for port in container.get("ports") or []:
            if port.get("hostPort"):
                yield f"container {container.get('name')} has the hostPort {port['hostPort']}"
        yield from _host_probes(container)
    for where, context in [("the pod", pod), *_contexts(spec)]:
        yield from _privileges(where, context)


def _host_probes(container: Mapping[str, Any]) -> Iterator[str]:
    """Probes and hooks that ask another host than the pod itself."""
    hooks = container.get("lifecycle") or {}
    places = {key: container.get(key) for key in ("livenessProbe", "readinessProbe", "startupProbe")}
    places |= {key: hooks.get(key) for key in ("postStart", "preStop")}
    for key, place in places.items():
        for action in ("httpGet", "tcpSocket"):
            host = ((place or {}).get(action) or {}).get("host")
            if host:
                yield f"container {container.get('name')} has a {key} that asks host {host}"


def _privileges(where: str, context: Mapping[str, Any]) -> Iterator[str]:
    if context.get("privileged"):
        yield f"{where} is privileged"
    added = set((context.get("capabilities") or {}).get("add") or ()) - _CAPABILITIES
    if added:
        yield f"{where} adds capabilities {', '.join(sorted(added))}"
    if context.get("procMount") not in (None, "", "Default"):
        yield f"{where} has procMount {context['procMount']}"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield f"{where} is a process of the host"
    if (context.get("seccompProfile") or {}).get("type") == "Unconfined":
        yield f"{where} has seccompProfile Unconfined"
    if (context.get("appArmorProfile") or {}).get("type") == "Unconfined":
        yield f"{where} has appArmorProfile Unconfined"
    options = context.get("seLinuxOptions") or {}
    if str(options.get("type") or "") not in _SELINUX or options.get("user") or options.get("role"):
        yield f"{where} sets seLinuxOptions"


def _restricted(spec: Mapping[str, Any]) -> Iterator[str]:
    pod = spec.get("securityContext") or {}
    for volume in spec.get("volumes") or []:
        other = set(volume) - _VOLUMES - {"hostPath"}
        if other:
            yield f"volume {volume.get('name')} is a {', '.join(sorted(other))}"
    if pod.get("runAsNonRoot") is False:
        yield "the pod sets runAsNonRoot: false"
    if pod.get("runAsUser") == 0:
        yield "the pod runs as user 0"
    for where, context in _contexts(spec):
        if context.get("allowPrivilegeEscalation") is not False:
            yield f"{where} does not set allowPrivilegeEscalation: false"
        if context.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
            yield f"{where} does not set runAsNonRoot: true"
        if context.get("runAsUser") == 0:
            yield f"{where} runs as user 0"
        profile = context.get("seccompProfile") or pod.get("seccompProfile") or {}
        if profile.get("type") not in (*_SECCOMP, "Unconfined"):
            yield f"{where} sets no seccompProfile"
        capabilities = context.get("capabilities") or {}
        if "ALL" not in (capabilities.get("drop") or ()):
            yield f"{where} does not drop ALL capabilities"
        added = (set(capabilities.get("add") or ()) & _CAPABILITIES) - {"NET_BIND_SERVICE"}
        if added:
            yield f"{where} adds capabilities {', '.join(sorted(added))}"
