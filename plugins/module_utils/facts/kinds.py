"""Kinds of objects that the collection's charts deploy, for those who grant rights without having a plan."""

from __future__ import annotations

DEPLOYED: tuple[str, ...] = (
    "apps/v1/Deployment",
    "apps/v1/StatefulSet",
    "networking.k8s.io/v1/Ingress",
    "networking.k8s.io/v1/NetworkPolicy",
    "policy/v1/PodDisruptionBudget",
    "v1/ConfigMap",
    "v1/PersistentVolumeClaim",
    "v1/Service",
)
