# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many values of one chart rendered by one helm process, which loads and parses the chart once.

A copy of the chart has its templates as partials, and one template that includes them all for each values. What helm
does before it renders is done for each, too: defaults are put in here, and the schema of the values is asked by helm.
"""

from __future__ import annotations

import base64
import copy
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

# libyaml where it is, which is many times faster.
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Run = Callable[..., str]

OUT = """
{{- $top := . -}}
out:
{{- range $values := .Values.batch }}
{{- $texts := list }}
{{- $own := dict "Values" $values "Release" $top.Release "Chart" $top.Chart "Files" $top.Files }}
{{- $_ := set (set $own "Capabilities" $top.Capabilities) "Template" $top.Template }}
{{- range $top.Values.templates }}
{{- $texts = append $texts (include (print $top.Template.BasePath "/" .) $own) }}
{{- end }}
  - {{ join "\\n---\\n" $texts | b64enc }}
{{- end }}
"""


def render(run: Run, release: str, every: Sequence[Mapping[str, Any]], chart: Path) -> list[str]:
    """Manifests that a chart makes of each values. run: helm with arguments and standard input."""
    defaults = yaml.load((chart / "values.yaml").read_text(encoding="utf-8"), Loader=LOADER)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, chart.name)
        templates = _prepared(chart, root)
        batch = [coalesced(values, defaults) for values in every]
        text = run(
            *("template", release, str(root), "--namespace", release, "--values", "-"),
            stdin=json.dumps({"batch": batch, "templates": templates}),
        )
    encoded = yaml.load(text, Loader=LOADER)["out"]
    return [base64.b64decode(item).decode() for item in encoded]


def _prepared(chart: Path, root: Path) -> list[str]:
    """A copy of the chart that renders a batch; the templates of which the manifests consist."""
    shutil.copytree(chart, root)
    templates = []
    for path in sorted((root / "templates").rglob("*.yaml")):
        renamed = path.rename(path.with_name(f"_{path.name}"))
        templates.append(renamed.relative_to(root / "templates").as_posix())
    (root / "templates" / "NOTES.txt").unlink(missing_ok=True)
    (root / "templates" / "batch.yaml").write_text(OUT, encoding="utf-8")
    (root / "values.yaml").write_text("{}\n", encoding="utf-8")
    schema = json.loads((root / "values.schema.json").read_text(encoding="utf-8"))
    definitions = schema.pop("definitions", {})
    whole = {
        "$schema": schema.pop("$schema"),
        "properties": {"batch": {"items": schema}},
        "definitions": definitions,
    }
    (root / "values.schema.json").write_text(json.dumps(whole), encoding="utf-8")
    return templates


def coalesced(values: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Values with the chart's defaults, as helm puts them together: null takes a default away."""
    found = copy.deepcopy(dict(values))
    for key, default in defaults.items():
        if key not in found:
            found[key] = copy.deepcopy(default)
        elif found[key] is None:
            del found[key]
        elif isinstance(found[key], dict) and isinstance(default, dict):
            found[key] = coalesced(found[key], default)
    return found
