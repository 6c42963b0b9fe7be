# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known about versions of Kubernetes and about storage, as data.

Source: "Deprecated API Migration Guide" of Kubernetes 1.34; the access modes table of "Persistent Volumes" there.
"""

from __future__ import annotations

from collections.abc import Mapping

OLDEST = (1, 25)
"""Pod Security admission, policy/v1 and the dry runs that plans are made from are all there."""

REMOVED: Mapping[tuple[str, str], tuple[str, str]] = {
    ("extensions/v1beta1", "Deployment"): ("1.16", "apps/v1"),
    ("extensions/v1beta1", "DaemonSet"): ("1.16", "apps/v1"),
    ("extensions/v1beta1", "NetworkPolicy"): ("1.16", "networking.k8s.io/v1"),
    ("extensions/v1beta1", "PodSecurityPolicy"): ("1.16", "Pod Security labels of the namespace"),
    ("extensions/v1beta1", "Ingress"): ("1.22", "networking.k8s.io/v1"),
    ("apps/v1beta1", "Deployment"): ("1.16", "apps/v1"),
    ("apps/v1beta1", "StatefulSet"): ("1.16", "apps/v1"),
    ("apps/v1beta2", "Deployment"): ("1.16", "apps/v1"),
    ("apps/v1beta2", "StatefulSet"): ("1.16", "apps/v1"),
    ("apps/v1beta2", "DaemonSet"): ("1.16", "apps/v1"),
    ("networking.k8s.io/v1beta1", "Ingress"): ("1.22", "networking.k8s.io/v1"),
    ("networking.k8s.io/v1beta1", "IngressClass"): ("1.22", "networking.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "Role"): ("1.22", "rbac.authorization.k8s.io/v1"),
    ("rbac.authorization.k8s.io/v1beta1", "RoleBinding"): ("1.22", "rbac.authorization.k8s.io/v1"),
    ("apiextensions.k8s.io/v1beta1", "CustomResourceDefinition"): ("1.22", "apiextensions.k8s.io/v1"),
    ("batch/v1beta1", "CronJob"): ("1.25", "batch/v1"),
    ("policy/v1beta1", "PodDisruptionBudget"): ("1.25", "policy/v1"),
    ("policy/v1beta1", "PodSecurityPolicy"): ("1.25", "Pod Security labels of the namespace"),
    ("autoscaling/v2beta1", "HorizontalPodAutoscaler"): ("1.25", "autoscaling/v2"),
    ("autoscaling/v2beta2", "HorizontalPodAutoscaler"): ("1.26", "autoscaling/v2"),
    ("storage.k8s.io/v1beta1", "StorageClass"): ("1.22", "storage.k8s.io/v1"),
}
"""(API version, kind) to the version of Kubernetes that has it no longer, and what to use instead."""

SINGLE_NODE_PROVISIONERS: frozenset[str] = frozenset(
    {
        "kubernetes.io/aws-ebs",
        "ebs.csi.aws.com",
        "kubernetes.io/gce-pd",
        "pd.csi.storage.gke.io",
        "kubernetes.io/azure-disk",
        "disk.csi.azure.com",
        "kubernetes.io/cinder",
        "cinder.csi.openstack.org",
        "kubernetes.io/vsphere-volume",
        "csi.vsphere.vmware.com",
        "rancher.io/local-path",
        "kubernetes.io/host-path",
        "k8s.io/minikube-hostpath",
        "microk8s.io/hostpath",
        "docker.io/hostpath",
        "topolvm.io",
        "local.csi.openebs.io",
        "openebs.io/local",
    }
)
"""Provisioners whose volumes one node at a time can write to."""

NODE_PORTS = (30000, 32767)
"""The range of node ports, unless the API server was told another one."""

AMD64_IMAGES: tuple[str, ...] = ("federatedai/",)
"""Repositories, without a registry and its folders, whose images are for amd64 alone. Source: FATE-Builder and FATE,
docker-build: they install Miniconda and tini for Linux on x86_64."""
