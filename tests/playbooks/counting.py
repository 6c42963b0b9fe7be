"""Counting what a call of a module costs: requests and helm processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.federatedai.kubefate.plugins.module_utils.call import Call, Entry, carry_out
from ansible_collections.federatedai.kubefate.plugins.module_utils.kube.client import Api
from ansible_collections.federatedai.kubefate.plugins.plugin_utils.action import bundled_charts, run_program


class Costs:
    """lists: kind and namespace of each list that was answered, refused: of each that was not. selectors: those of
    labels, by kind. writes: requests that change something. helms: command lines."""

    def __init__(self, patch: Callable[[object, str, object], None] = setattr):
        """patch: puts the counters in place."""
        self.lists: Counter[tuple[str, str]] = Counter()
        self.refused: Counter[tuple[str, str]] = Counter()
        self.selectors: dict[str, list[str]] = {}
        self.writes: list[str] = []
        self.helms: list[list[str]] = []
        snapshot, request = Api.snapshot, Api.request

        def counted_list(api: Api, version: str, kind: str, namespace: str = "", **options: Any) -> Any:
            counter = self.refused
            self.selectors.setdefault(kind, []).append(options.get("labels", ""))
            try:
                answer = snapshot(api, version, kind, namespace, **options)
                counter = self.lists
            finally:
                counter[kind, namespace] += 1
            return answer

        def counted_request(api: Api, method: str, path: str, query: Any = None, *rest: Any, **options: Any) -> Any:
            if method != "GET" and not (query or {}).get("dryRun"):
                self.writes.append(f"{method} {path}")
            return request(api, method, path, query, *rest, **options)

        patch(Api, "snapshot", counted_list)
        patch(Api, "request", counted_request)

    def run(self, entry: Entry, folder: Path, **params: Any) -> dict[str, Any]:
        """Carry out a call of a module here; its result."""

        def runner(argv: Any, **options: Any) -> Any:
            self.helms.append(list(argv))
            return run_program(argv, **options)

        defaults = {name: option.get("default") for name, option in entry.arguments.options.items()}
        bundled = {"bundled_charts": bundled_charts()} if "bundled_charts" in defaults else {}
        call = Call({**defaults, **bundled, **params}, False, runner, str(folder))
        outcome = carry_out(entry, call, verbose=True)
        assert "failure" not in outcome, outcome
        return outcome
