# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the sandbox."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from . import cluster
from .builder import ensure_built
from .errors import SandboxError, StoppedError
from .layout import Home, find_home
from .lock import locked
from .processes import find_marked
from .progress import Reporter
from .status import Status
from .tools import toolbox

EPILOG = """\
exit codes: 0 done (status: running), 1 failed (status: degraded), 2 wrong usage, 3 (status, kubeconfig) not there

Without --home everything lies in $KUBEFATE_SANDBOX_HOME, else in $XDG_CACHE_HOME/kubefate-sandbox or
~/.cache/kubefate-sandbox. The tools are built with the Go in the PATH, or with one that pip installs; GOCACHE,
GOMODCACHE and GOPROXY are honoured.
"""
NOT_THERE = 3
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Reads the command line; ends the program with code 2 if it is wrong."""
    common = argparse.ArgumentParser(add_help=False)
    # SUPPRESS: the sub-command's default must not overwrite an option that stood before it.
    common.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help="folder of all sandboxes")
    common.add_argument("--name", default=argparse.SUPPRESS, help="name of the sandbox (default: default)")
    parser = argparse.ArgumentParser(
        prog="sandbox",
        description="A real Kubernetes control plane with simulated nodes, on the loopback interface.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common],
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[common])

    command = add("up", "start a sandbox, or repair it; does nothing if it runs")
    command.add_argument("--port", type=_port, help="port of the API server (default: a free one)")
    command.add_argument("--json", action="store_true", help="answer in JSON")
    add("down", "stop a sandbox and remove its folder")
    command = add("status", "tell how a sandbox is")
    command.add_argument("--json", action="store_true", help="answer in JSON")
    command = add("build", "build the tools")
    command.add_argument("tools", nargs="*", metavar="TOOL", help="only these (default: all)")
    command = add("tools", "print where the tools are")
    command.add_argument("--json", action="store_true", help="answer in JSON")
    add("kubeconfig", "print the path of the sandbox's kubeconfig")
    command = add("clean", "remove the built tools")
    what = command.add_mutually_exclusive_group()
    what.add_argument("--build-cache", action="store_true", help="remove Go's caches in the home, keep the tools")
    what.add_argument("--all", action="store_true", help="remove the tools, Go's caches and an installed Go")
    result = parser.parse_args(arguments)
    result.home = getattr(result, "home", None)
    result.name = getattr(result, "name", "default")
    return result


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port (1 to 65535)")
    return int(text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code. Errors are told in words, never as a traceback."""
    options = parse(arguments)
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    reporter = Reporter()
    try:
        if sys.platform != "linux":
            raise SandboxError("the sandbox needs Linux: it knows its processes by /proc", "Use a Linux machine.")
        code = _run(options, find_home(options.home, os.environ), reporter)
        sys.stdout.flush()
        return code
    except SandboxError as error:
        reporter.say(f"sandbox: {error}")
        return 1
    except BrokenPipeError:
        # The reader of the answer has enough. What is still in the buffer must not fail again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        reporter.say(f"sandbox: {place}{error.strerror or error}")
        return 1


def _interrupt(number: int, _frame: FrameType | None) -> None:
    # What follows puts things in order, and must not be stopped halfway by the next signal.
    for other in _SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise StoppedError(f"stopped by {signal.Signals(number).name}", "Run the same command again to go on.")


def _run(options: argparse.Namespace, home: Home, reporter: Reporter) -> int:
    match options.command:
        case "up":
            return _up(home, options, reporter)
        case "down":
            existed = cluster.down(home, options.name, reporter)
            print(f"the sandbox {options.name!r} " + ("is removed" if existed else "does not exist"))
            return 0
        case "status":
            return _status(home, options)
        case "build":
            print(f"the tools are in {ensure_built(home, reporter, only=options.tools).folder}")
            return 0
        case "tools":
            return _tools(home, options)
        case "kubeconfig":
            return _kubeconfig(home, options.name, reporter)
        case _:
            return _clean(home, options, reporter)


def _up(home: Home, options: argparse.Namespace, reporter: Reporter) -> int:
    status, changed = cluster.up(home, options.name, options.port, reporter)
    if options.json:
        print(json.dumps({**status.to_json(), "changed": changed}, indent=2))
    elif changed:
        _print_status(status)
    else:
        print(f"the sandbox {status.name!r} is running already\nkubeconfig: {status.kubeconfig}")
    return 0 if status.state == "running" else 1


def _status(home: Home, options: argparse.Namespace) -> int:
    status = cluster.find(home, options.name)
    if status is None:
        answer = {"name": options.name, "state": "absent"}
        print(json.dumps(answer, indent=2) if options.json else f"the sandbox {options.name!r} does not exist")
        return NOT_THERE
    if options.json:
        print(json.dumps(status.to_json(), indent=2))
    else:
        _print_status(status)
    return {"running": 0, "degraded": 1}.get(status.state, NOT_THERE)


def _print_status(status: Status) -> None:
    print(f"sandbox {status.name}: {status.state}" + (f" ({status.problem})" if status.problem else ""))
    for component in status.components:
        pid, megabytes = component.pid or "-", component.rss_bytes / 1e6
        state = component.problem or "healthy"
        print(f"  {component.name:<24} pid {pid:<8} port {component.port:<6} {megabytes:5.0f} MB  {state}")
    print(f"  {status.nodes_ready} of {status.nodes} simulated nodes ready, {status.rss_bytes / 1e6:.0f} MB in all")
    print(f"API server: {status.server}")
    print(f"kubeconfig: {status.kubeconfig}")
    print(f"tools:      {Path(status.tools['kubectl']).parent}")


def _tools(home: Home, options: argparse.Namespace) -> int:
    box = toolbox(home)
    paths = {tool.name: str(box.path(tool.name)) for tool in box.tools if tool not in box.missing()}
    print(json.dumps(paths, indent=2) if options.json else "\n".join(f"{name}\t{path}" for name, path in paths.items()))
    return 0


def _kubeconfig(home: Home, name: str, reporter: Reporter) -> int:
    path = home.cluster(name).kubeconfig
    if not path.exists():
        reporter.say(f"sandbox: the sandbox {name!r} does not exist\nStart it with `up --name {name}`.")
        return NOT_THERE
    print(path)
    return 0


def _clean(home: Home, options: argparse.Namespace, reporter: Reporter) -> int:
    tools, caches = [home.bin], [home.go_build_cache, home.go_mod_cache, home.build_logs, home.temporary]
    targets = tools + caches + [home.go] if options.all else caches if options.build_cache else tools
    with locked(home.locks / "build.lock", "the tools", reporter):
        running = [name for name in home.cluster_names() if find_marked(home.cluster(name).root)]
        if running and home.bin in targets:
            raise SandboxError(
                f"the tools are in use by the sandbox {', '.join(running)}", f"First run `down --name {running[0]}`."
            )
        for target in targets:
            if target.exists():
                shutil.rmtree(target)
                print(f"removed {target}")
    return 0
