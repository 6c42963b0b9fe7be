# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds and their REST paths. The kinds that charts use are a table, so that a run needs no discovery requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

_TABLE = {
    "v1": "ConfigMap:configmaps "
    "Endpoints:endpoints Event:events LimitRange:limitranges Namespace:-namespaces Node:-nodes "
    "PersistentVolume:-persistentvolumes PersistentVolumeClaim:persistentvolumeclaims Pod:pods "
    "ReplicationController:replicationcontrollers ResourceQuota:resourcequotas Secret:secrets Service:services "
    "ServiceAccount:serviceaccounts",
    "apps/v1": "DaemonSet:daemonsets Deployment:deployments ReplicaSet:replicasets StatefulSet:statefulsets",
    "batch/v1": "CronJob:cronjobs Job:jobs",
    "networking.k8s.io/v1": "Ingress:ingresses IngressClass:-ingressclasses NetworkPolicy:networkpolicies",
    "policy/v1": "PodDisruptionBudget:poddisruptionbudgets",
    "rbac.authorization.k8s.io/v1": "ClusterRole:-clusterroles ClusterRoleBinding:-clusterrolebindings Role:roles "
    "RoleBinding:rolebindings",
    "autoscaling/v2": "HorizontalPodAutoscaler:horizontalpodautoscalers",
    "certificates.k8s.io/v1": "CertificateSigningRequest:-certificatesigningrequests",
    "coordination.k8s.io/v1": "Lease:leases",
    "storage.k8s.io/v1": "StorageClass:-storageclasses",
    "apiextensions.k8s.io/v1": "CustomResourceDefinition:-customresourcedefinitions",
}


@dataclass(frozen=True, slots=True)
class ResourceType:
    """Where objects of one kind live."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]

    def path(self, namespace: str = "", name: str = "", subresource: str = "") -> str:
        """The REST path of a collection or, with a name, of one object."""
        base = f"/api/{self.api_version}" if self.api_version == "v1" else f"/apis/{self.api_version}"
        scope = f"/namespaces/{quote(namespace, safe='')}" if self.namespaced and namespace else ""
        single = f"/{quote(name, safe='')}" if name else ""
        return base + scope + f"/{self.plural}" + single + (f"/{subresource}" if subresource else "")


def _known() -> dict[tuple[str, str], ResourceType]:
    known = {}
    for api_version, line in _TABLE.items():
        for entry in line.split():
            kind, plural = entry.split(":")
            known[api_version, kind] = ResourceType(api_version, kind, plural.lstrip("-"), not plural.startswith("-"))
    return known


KNOWN: Mapping[tuple[str, str], ResourceType] = _known()
