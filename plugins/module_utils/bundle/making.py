# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making an air-gap bundle: all that a deployment needs besides the images, in one folder, and a list of those.

::

    bundle.json          what is in it, for programs
    SHA256SUMS           for sha256sum --check
    charts/              a chart repository: archives and their index.yaml
    collection/          the collection's archive
    images.txt           one image a line, with its digest where that is known
    mirror.txt           image, and its name in the mirror
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..authoring.dependencies import missing
from ..authoring.packaging import packaged
from ..authoring.rendering import Example, Rendered, examples, render_all
from ..chart.files import sha256_of
from ..chart.index import INDEX, write_index
from ..chart.package import Chart, read_chart, write_archive
from ..cluster.target import SPEC_SCHEMA
from ..data import plain
from ..errors import Kind, KubefateError
from ..helm.cli import Helm
from ..spec.loading import Spec
from .collection import write_collection
from .images import IMAGES, MIRROR, SEEN, Image, announced, collect, used

FORMAT = 1
MANIFEST = "bundle.json"
SUMS = "SHA256SUMS"
CHARTS = "charts"
COLLECTION = "collection"
IMAGES_FILE = "images.txt"
MIRROR_FILE = "mirror.txt"


@dataclass(frozen=True, slots=True)
class Request:
    """charts: each with the specs that it will be deployed with; its own example where there is none. mirror: address
    of the registry that has the images over there. digests: image to digest. collection: path of the collection's
    archive; installed: where it is installed."""

    charts: Sequence[tuple[Chart, Sequence[Example]]]
    mirror: str = ""
    digests: Mapping[str, str] = field(default_factory=dict)
    collection: str = ""
    installed: str = ""


def make(request: Request, dest: str, helm: Helm, folder: str, *, check_mode: bool) -> tuple[bool, dict[str, Any]]:
    """Make the bundle: whether something changed, and its manifest. It is there as a whole or not at all."""
    dest = os.path.abspath(dest)
    _check_dest(dest)
    parent = folder if check_mode else os.path.dirname(dest)
    os.makedirs(parent, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".bundle-", dir=parent) as place:
        made = os.path.join(place, "bundle")
        manifest = _write(request, made, helm, folder)
        changed = _sums(dest) != _sums(made)
        if changed and not check_mode:
            _put(made, dest, os.path.join(place, "old"))
    return changed, manifest


def _check_dest(dest: str) -> None:
    if os.path.isdir(dest) and os.listdir(dest) and not os.path.isfile(os.path.join(dest, MANIFEST)):
        raise KubefateError(
            f"{dest} is not empty and no bundle.",
            Kind.CONFLICT,
            "chart",
            "Choose another folder; nothing is written over.",
        )


def _put(made: str, dest: str, old: str) -> None:
    if os.path.lexists(dest):
        os.rename(dest, old)
    shutil.move(made, dest)


def _sums(root: str) -> str:
    path = os.path.join(root, SUMS)
    if not os.path.isfile(path):
        return ""
    with open(path, encoding="utf-8") as stream:
        return stream.read()


def _write(request: Request, root: str, helm: Helm, folder: str) -> dict[str, Any]:
    for name in (CHARTS, COLLECTION):
        os.makedirs(os.path.join(root, name))
    archives: list[tuple[Chart, str]] = []
    images: dict[str, Image] = {}
    used_by: dict[str, list[str]] = {}
    for chart, given in request.charts:
        whole = _complete(chart, helm, folder)
        archives.append((whole, write_archive(whole, os.path.join(root, CHARTS))))
        for image in _images(chart, given, request, helm):
            images.setdefault(image.name, image)
            used_by.setdefault(image.name, []).append(whole.title)
    _text(root, f"{CHARTS}/{INDEX}", write_index(archives))
    collection = write_collection(request.collection, request.installed, os.path.join(root, COLLECTION))
    listed = [images[name] for name in sorted(images)]
    manifest = {
        "format": FORMAT,
        "mirror_registry": request.mirror,
        "collection": f"{COLLECTION}/{collection}",
        "charts": [_shown(chart, path) for chart, path in archives],
        "images": [{**image.as_result(), "charts": used_by[image.name]} for image in listed],
    }
    _text(root, MANIFEST, json.dumps(manifest, indent=2) + "\n")
    _text(root, IMAGES_FILE, "".join(f"{_pinned(image)}\n" for image in listed))
    _text(root, MIRROR_FILE, "".join(f"{_pinned(image)} {image.mirror}\n" for image in listed))
    _text(root, SUMS, "".join(f"{sum_of(root, name)}  {name}\n" for name in files_of(root)))
    return manifest


def _complete(chart: Chart, helm: Helm, folder: str) -> Chart:
    """The chart as its archive has it, its dependencies inside."""
    if os.path.isdir(chart.path):
        return packaged(chart.path, helm, folder)
    lacking = missing(chart)
    if lacking:
        raise KubefateError(
            f"Chart {chart.title} lacks {', '.join(lacking)}.",
            Kind.CHART,
            "chart",
            "A bundle has charts with all of their dependencies; get one that is complete.",
        )
    return chart


def _shown(chart: Chart, path: str) -> dict[str, Any]:
    return {
        "name": chart.name,
        "version": chart.version,
        "type": chart.type,
        "file": f"{CHARTS}/{os.path.basename(path)}",
        "digest": read_chart(path).digest,
        "archive_digest": sha256_of(path),
    }


def _images(chart: Chart, given: Sequence[Example], request: Request, helm: Helm) -> list[Image]:
    """What the chart uses for the specs, once as they are and once with the mirror as their registry: so the map says
    what a deployment over there will really ask for."""
    specs = [_unmirrored(example, request.mirror) for example in given] or examples(chart, ())
    seen = chart.annotation(SEEN) == "all-rendered"
    more = [] if seen and given else announced(chart.annotation(IMAGES), chart.title)
    plain_images = _used(chart, specs, helm)
    for registry in (request.mirror or MIRROR, f"{request.mirror or MIRROR}/"):  # KubeFATE's charts want the slash
        moved = _used(chart, [_with_registry(chart, example, registry) for example in specs], helm)
        if any(image.startswith(f"{(request.mirror or MIRROR).rstrip('/')}/") for image in moved):
            break
    return collect(plain_images, moved, more, request.mirror, request.digests, alike=seen)


def _unmirrored(example: Example, mirror: str) -> Example:
    """A spec that names the mirror already, without it: what is asked for is where the images come from."""
    registry = str(example.spec.data.get("registry") or "")
    if not mirror or registry.rstrip("/") != mirror.rstrip("/"):
        return example
    data = {key: value for key, value in example.spec.data.items() if key != "registry"}
    return Example(example.where, Spec(data, example.spec.origins))


def _used(chart: Chart, specs: Sequence[Example], helm: Helm) -> list[str]:
    found: list[str] = []
    for where, rendered in render_all(chart, specs, helm).items():
        if not isinstance(rendered, Rendered):
            rendered.msg = f"Which images chart {chart.title} uses for {where} cannot be seen: {rendered.msg}"
            raise rendered
        found += used(rendered.objects)
    return found


def _with_registry(chart: Chart, example: Example, registry: str) -> Example:
    schema = chart.document(SPEC_SCHEMA)
    known = schema is None or "registry" in (schema.get("properties") or {})
    data = plain(example.spec.data)
    return Example(example.where, Spec({**data, "registry": registry} if known else data, example.spec.origins))


def _pinned(image: Image) -> str:
    return f"{image.name}@{image.digest}" if image.digest else image.name


def _text(root: str, name: str, text: str) -> None:
    with open(os.path.join(root, name), "w", encoding="utf-8") as stream:
        stream.write(text)


def files_of(root: str) -> list[str]:
    """Paths of all files but the list of sums, sorted."""
    found = [
        os.path.relpath(os.path.join(place, name), root).replace(os.sep, "/")
        for place, _folders, names in os.walk(root)
        for name in names
    ]
    return sorted(name for name in found if name != SUMS)


def sum_of(root: str, name: str) -> str:
    return sha256_of(os.path.join(root, name)).removeprefix("sha256:")
