# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which images a chart's objects use, and what they are called in a mirror. Pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..objects import Object
from ..yamltext import parse_yaml

IMAGES = "artifacthub.io/images"
"""Chart annotation: a list of what a chart may use besides what its example does, each with ``image``."""
SEEN = "kubefate.federatedai.org/images"
"""Chart annotation. ``all-rendered``: what a spec needs is all in its objects, so the list counts only where no spec is
given."""
MIRROR = "MIRROR"
"""Stands for the mirror's address where none was given."""


@dataclass(frozen=True, slots=True)
class Image:
    """name: as a pod has it, without a digest. digest: ``sha256:...``, or empty where nobody said it. mirror: its name
    in the mirror. moved: whether the chart itself takes it from there when the spec names the registry."""

    name: str
    digest: str
    mirror: str
    moved: bool

    def as_result(self) -> dict[str, Any]:
        return {"image": self.name, "digest": self.digest, "mirror": self.mirror, "moved": self.moved}


def used(objects: Sequence[Object]) -> list[str]:
    """Images of all containers, in the order in which they stand."""
    return [image for obj in objects for image in _images(obj)]


def _images(value: Any) -> Iterator[str]:
    match value:
        case Mapping():
            for key, item in value.items():
                if key in ("containers", "initContainers", "ephemeralContainers") and isinstance(item, list):
                    for container in item:
                        if isinstance(container, Mapping) and container.get("image"):
                            yield str(container["image"])
                else:
                    yield from _images(item)
        case list():
            for item in value:
                yield from _images(item)


def announced(annotation: str, where: str) -> list[str]:
    """Images that a chart's annotation names."""
    listed = parse_yaml(annotation, f"annotation {IMAGES} of {where}") if annotation else None
    entries = listed if isinstance(listed, list) else []
    return [str(entry["image"]) for entry in entries if isinstance(entry, Mapping) and entry.get("image")]


def split_digest(image: str) -> tuple[str, str]:
    name, _at, digest = image.partition("@")
    return name, digest


def mirrored(image: str, mirror: str) -> str:
    """The name of an image in a mirror: its path there is the one that it has, without the host of its registry."""
    name, _digest = split_digest(image)
    host, slash, path = name.partition("/")
    has_host = bool(slash) and ("." in host or ":" in host or host == "localhost")
    return f"{(mirror or MIRROR).rstrip('/')}/{path if has_host else name}"


def collect(
    plain: Sequence[str],
    moved: Sequence[str],
    more: Sequence[str],
    mirror: str,
    digests: Mapping[str, str],
    *,
    alike: bool = False,
) -> list[Image]:
    """plain: images that the objects use. moved: the same, where the spec names the mirror as its registry. more:
    images that are only announced. digests: what somebody knows of them. alike: the chart takes those that are
    announced from where it takes the others."""
    pairs = dict(zip(plain, moved, strict=True)) if len(plain) == len(moved) else {}
    found: dict[str, Image] = {}
    for image in [*plain, *more]:
        name, digest = split_digest(image)
        there, _digest = split_digest(pairs.get(image, image))
        goes = there != name and there.startswith(f"{(mirror or MIRROR).rstrip('/')}/")
        goes = goes or (alike and image not in pairs)
        known = digest or digests.get(name, "")
        place = there if goes and image in pairs else mirrored(image, mirror)
        found.setdefault(name, Image(name, known, place, goes))
    return list(found.values())
