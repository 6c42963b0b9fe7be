# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection options to one self-contained kubeconfig.

Everything that talks to a Kubernetes, the Python client here and the helm executable, gets the same minimal kubeconfig:
one cluster, one user, one context. It is made once, from what the caller gave and from the environment variables that
kubernetes.core knows, and remembers where each part came from, so that an error can name it.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import KubefateError, bad_input
from ..yamltext import parse_yaml

ENVIRONMENT: Mapping[str, str] = {
    "kubeconfig": "K8S_AUTH_KUBECONFIG",
    "context": "K8S_AUTH_CONTEXT",
    "host": "K8S_AUTH_HOST",
    "api_key": "K8S_AUTH_API_KEY",
    "username": "K8S_AUTH_USERNAME",
    "password": "K8S_AUTH_PASSWORD",
    "client_cert": "K8S_AUTH_CERT_FILE",
    "client_key": "K8S_AUTH_KEY_FILE",
    "ca_cert": "K8S_AUTH_SSL_CA_CERT",
    "validate_certs": "K8S_AUTH_VERIFY_SSL",
    "proxy": "K8S_AUTH_PROXY",
    "no_proxy": "K8S_AUTH_NO_PROXY",
    "impersonate_user": "K8S_AUTH_IMPERSONATE_USER",
    "impersonate_groups": "K8S_AUTH_IMPERSONATE_GROUPS",
}
"""Option name to the environment variable that stands in for it (the names of kubernetes.core)."""

IN_CLUSTER = "/var/run/secrets/kubernetes.io/serviceaccount"
NAME = "kubefate"


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach one API server, resolved.

    kubeconfig: a minimal, self-contained kubeconfig (absolute paths, one context). server: its URL. namespace: the
    context's namespace or empty. origin: for error messages, what was used and where it came from. no_proxy: hosts that
    the proxy is not for, comma separated.
    """

    kubeconfig: dict[str, Any]
    server: str
    origin: str
    namespace: str = ""
    no_proxy: str = ""

    @property
    def cluster(self) -> dict[str, Any]:
        cluster: dict[str, Any] = self.kubeconfig["clusters"][0]["cluster"]
        return cluster

    @property
    def user(self) -> dict[str, Any]:
        user: dict[str, Any] = self.kubeconfig["users"][0]["user"]
        return user

    def with_token(self, token: str, origin: str) -> Connection:
        """The same API server with a bearer token as the only credential."""
        return _connection(
            dict(self.cluster), {"token": token}, self.namespace, f"{origin} at {self.server}", self.no_proxy
        )


@dataclass(frozen=True, slots=True)
class _Given:
    """The options that were given, by the caller or by the environment, and which it was."""

    values: Mapping[str, Any]
    origins: Mapping[str, str]

    @classmethod
    def collect(cls, options: Mapping[str, Any], environ: Mapping[str, str]) -> _Given:
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for name, variable in ENVIRONMENT.items():
            if options.get(name) not in (None, "", [], {}):
                values[name], origins[name] = options[name], f"option {name}"
            elif environ.get(variable):
                values[name], origins[name] = environ[variable], f"environment variable {variable}"
        if options.get("validate_certs") is False:
            values["validate_certs"] = False
        return cls(values, origins)

    def text(self, name: str) -> str:
        return str(self.values.get(name) or "")

    def flag(self, name: str) -> bool | None:
        value = self.values.get(name)
        if isinstance(value, str):
            return value.strip().lower() not in ("no", "false", "0", "off")
        return value

    def names(self) -> str:
        return ", ".join(self.origins.values())


def is_named(options: Mapping[str, Any]) -> bool:
    """True when the options themselves say which Kubernetes is meant, so that it is nobody's accident."""
    return any(options.get(name) for name in ("kubeconfig", "context", "host"))


def resolve(options: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Connection:
    """Connection options to a ``Connection``.

    Order: a kubeconfig that is given (path, several paths joined by ``:``, or data), else host, else the file of the
    variable KUBECONFIG, else ``~/.kube/config``, else the service account of the pod that this runs in. Single options
    then replace parts of it. Raises ``KubefateError`` (bad_input) naming the option and where it came from.
    """
    environment = os.environ if environ is None else environ
    given = _Given.collect(options, environment)
    base, origin = _base(given, environment)
    if base is None:
        cluster: dict[str, Any] = {"server": given.text("host")}
        user: dict[str, Any] = {}
        namespace = ""
    else:
        cluster, user, namespace, chosen = _select(base, given, origin)
        origin = f"context {chosen} of {origin}"
    cluster, user = _override(cluster, user, given)
    named = ("kubeconfig", "context") if base is not None else ("host",)
    replaced = [where for name, where in given.origins.items() if name not in named]
    if replaced:
        origin += f", with {', '.join(replaced)}"
    if not cluster.get("server"):
        raise bad_input(f"No API server is named by {origin}.", "Give kubeconfig, context or host.", "connect")
    if not str(cluster["server"]).startswith(("https://", "http://")):
        raise bad_input(
            f"The API server {cluster['server']} of {origin} is no URL.", "Write it as https://host:port.", "connect"
        )
    return _connection(cluster, user, namespace, origin, given.text("no_proxy"))


def _connection(
    cluster: dict[str, Any], user: dict[str, Any], namespace: str, origin: str, no_proxy: str
) -> Connection:
    context: dict[str, Any] = {"cluster": NAME, "user": NAME}
    if namespace:
        context["namespace"] = namespace
    kubeconfig = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": NAME, "cluster": cluster}],
        "users": [{"name": NAME, "user": user}],
        "contexts": [{"name": NAME, "context": context}],
        "current-context": NAME,
    }
    return Connection(kubeconfig, str(cluster["server"]), origin, namespace, no_proxy)


def _base(given: _Given, environ: Mapping[str, str]) -> tuple[dict[str, Any] | None, str]:
    """The kubeconfig to start from, or None when the options alone name the server; and where it came from."""
    kubeconfig = given.values.get("kubeconfig")
    if isinstance(kubeconfig, Mapping):
        origin = given.origins["kubeconfig"] + " (data)"
        return _formed(copy.deepcopy(dict(kubeconfig)), origin), origin
    if kubeconfig:
        return _read(str(kubeconfig), given.origins["kubeconfig"])
    if given.text("host"):
        return None, given.origins["host"]
    if environ.get("KUBECONFIG"):
        return _read(environ["KUBECONFIG"], "environment variable KUBECONFIG")
    default = os.path.expanduser("~/.kube/config")
    if os.path.exists(default):
        return _read(default, "the default kubeconfig")
    if environ.get("KUBERNETES_SERVICE_HOST") and os.path.exists(f"{IN_CLUSTER}/token"):
        return _in_cluster(environ), "the service account of this pod"
    raise bad_input(
        "No Kubernetes is named: there is no option kubeconfig, context or host, none of the variables K8S_AUTH_* and "
        "KUBECONFIG is set, and there is no ~/.kube/config.",
        "Give kubeconfig (a path or data), or host with credentials.",
        "connect",
    )


def _in_cluster(environ: Mapping[str, str]) -> dict[str, Any]:
    host = environ["KUBERNETES_SERVICE_HOST"]
    host = f"[{host}]" if ":" in host else host
    namespace = ""
    if os.path.exists(f"{IN_CLUSTER}/namespace"):
        with open(f"{IN_CLUSTER}/namespace", encoding="utf-8") as stream:
            namespace = stream.read().strip()
    cluster = {
        "server": f"https://{host}:{environ.get('KUBERNETES_SERVICE_PORT', '443')}",
        "certificate-authority": f"{IN_CLUSTER}/ca.crt",
    }
    return _connection(cluster, {"tokenFile": f"{IN_CLUSTER}/token"}, namespace, "", "").kubeconfig


def _read(paths: str, origin: str) -> tuple[dict[str, Any], str]:
    """One kubeconfig out of one or more files: as in kubectl, the first file to name a thing wins."""
    merged: dict[str, Any] = {"clusters": [], "users": [], "contexts": []}
    files = [os.path.expanduser(path) for path in paths.split(os.pathsep) if path]
    present = [path for path in files if os.path.exists(path)]
    if not present:
        raise bad_input(
            f"The kubeconfig {paths} ({origin}) does not exist.", "Give the path of a kubeconfig.", "connect"
        )
    for path in present:
        config = _load(path, origin)
        merged.setdefault("current-context", config.get("current-context"))
        for section in ("clusters", "users", "contexts"):
            known = {entry["name"] for entry in merged[section]}
            merged[section] += [entry for entry in config.get(section) or [] if entry.get("name") not in known]
    return merged, f"{paths} ({origin})"


def _load(path: str, origin: str) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as stream:
            config = parse_yaml(stream.read(), path)
    except (OSError, UnicodeDecodeError) as error:
        raise bad_input(f"The kubeconfig {path} ({origin}) cannot be read: {error}.", phase="connect") from None
    config = _formed(config, f"{path} ({origin})")
    folder = os.path.dirname(os.path.abspath(path))
    for section, inner, keys in (
        ("clusters", "cluster", ("certificate-authority",)),
        ("users", "user", ("client-certificate", "client-key", "tokenFile")),
    ):
        for entry in config.get(section) or []:
            part = entry.get(inner) or {}
            for key in keys:
                if part.get(key):
                    part[key] = os.path.join(folder, os.path.expanduser(part[key]))
            _absolute_command(part, folder)
    return config


def _formed(config: Any, where: str) -> dict[str, Any]:
    """The same kubeconfig. Raises ``KubefateError`` for what does not have the form of one."""
    if not isinstance(config, dict) or not isinstance(config.get("clusters"), list):
        raise bad_input(f"{where} is not a kubeconfig: it has no list of clusters.", phase="connect")
    for section, inner in (("clusters", "cluster"), ("users", "user"), ("contexts", "context")):
        entries = config.get(section) or []
        if not isinstance(entries, list) or not all(
            isinstance(entry, dict) and entry.get("name") and isinstance(entry.get(inner) or {}, dict)
            for entry in entries
        ):
            raise bad_input(
                f"{where} is not a kubeconfig: {section} is no list of entries with name and {inner}.", phase="connect"
            )
    return config


def _absolute_command(user: dict[str, Any], folder: str) -> None:
    """An exec plugin's command that contains a slash is relative to the kubeconfig."""
    plugin = user.get("exec")
    if isinstance(plugin, dict) and "/" in str(plugin.get("command", "")):
        plugin["command"] = os.path.join(folder, plugin["command"])


def _select(config: dict[str, Any], given: _Given, origin: str) -> tuple[dict[str, Any], dict[str, Any], str, str]:
    """Cluster, user and namespace of the wanted context, and its name."""
    wanted = given.text("context") or str(config.get("current-context") or "")
    contexts = {entry["name"]: entry.get("context") or {} for entry in config.get("contexts") or []}
    if not wanted and len(contexts) == 1:
        wanted = next(iter(contexts))
    if wanted not in contexts:
        known = ", ".join(sorted(contexts)) or "none"
        source = f" ({given.origins['context']})" if given.text("context") else ""
        raise bad_input(
            f"There is no context {wanted or '(none is current)'}{source} in {origin}.",
            f"Contexts there: {known}.",
            "connect",
        )
    context = contexts[wanted]
    cluster = _entry(config, "clusters", "cluster", context.get("cluster"), wanted, origin)
    user = _entry(config, "users", "user", context.get("user"), wanted, origin) if context.get("user") else {}
    return cluster, user, str(context.get("namespace") or ""), wanted


def _entry(config: dict[str, Any], section: str, inner: str, name: Any, context: str, origin: str) -> dict[str, Any]:
    for entry in config.get(section) or []:
        if entry.get("name") == name:
            return dict(entry.get(inner) or {})
    raise bad_input(f"Context {context} of {origin} names the {inner} {name}, which is not there.", phase="connect")


def _override(cluster: dict[str, Any], user: dict[str, Any], given: _Given) -> tuple[dict[str, Any], dict[str, Any]]:
    """Single options replace what the kubeconfig says."""
    if given.text("host"):
        cluster["server"] = given.text("host")
    if given.text("ca_cert"):
        cluster.pop("certificate-authority-data", None)
        cluster["certificate-authority"] = _file(given, "ca_cert")
    if given.flag("validate_certs") is False:
        cluster["insecure-skip-tls-verify"] = True
        cluster.pop("certificate-authority", None)
        cluster.pop("certificate-authority-data", None)
    elif given.flag("validate_certs"):
        cluster.pop("insecure-skip-tls-verify", None)
    if given.text("proxy"):
        cluster["proxy-url"] = given.text("proxy")
    return cluster, _override_user(user, given)


def _override_user(user: dict[str, Any], given: _Given) -> dict[str, Any]:
    acting: dict[str, Any] = {key: user[key] for key in ("as", "as-groups", "as-uid", "as-user-extra") if key in user}
    if given.text("api_key"):
        user = {"token": given.text("api_key")}
    elif given.text("client_cert") or given.text("client_key"):
        user = {"client-certificate": _file(given, "client_cert"), "client-key": _file(given, "client_key")}
    elif given.text("username"):
        user = {"username": given.text("username"), "password": given.text("password")}
    user = {**acting, **user}
    if given.text("impersonate_user"):
        user["as"] = given.text("impersonate_user")
    groups = given.values.get("impersonate_groups")
    if groups:
        user["as-groups"] = groups.split(",") if isinstance(groups, str) else list(groups)
    if user.get("as-groups") and not user.get("as"):
        raise bad_input("impersonate_groups needs impersonate_user.", phase="connect")
    return user


def _file(given: _Given, option: str) -> str:
    path = os.path.abspath(os.path.expanduser(given.text(option)))
    if not given.text(option):
        raise bad_input("client_cert and client_key go together: give both.", phase="connect")
    if not os.path.exists(path):
        raise bad_input(f"The file {path} ({given.origins[option]}) does not exist.", phase="connect")
    return path


def explain(connection: Connection, error: KubefateError) -> KubefateError:
    """The same error, saying which connection it was met on."""
    error.msg = f"{error.msg} (connection: {connection.origin})"
    return error
