# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """How to reach a Kubernetes: the options of ``arguments.CONNECTION``."""

    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig, several paths joined by V(:), or the content of one as a dictionary.
      - If it is not given, the environment variable E(K8S_AUTH_KUBECONFIG) is used, then O(host), then the variable
        C(KUBECONFIG), then C(~/.kube/config), then the service account of the pod that the module runs in.
    type: raw
  context:
    description:
      - Name of the context of the kubeconfig. Its current context is the default.
      - Also by the environment variable E(K8S_AUTH_CONTEXT).
    type: str
  host:
    description:
      - URL of the API server. Also by the environment variable E(K8S_AUTH_HOST).
    type: str
  api_key:
    description:
      - Bearer token. Also by the environment variable E(K8S_AUTH_API_KEY).
    type: str
  username:
    description:
      - User name. Also by the environment variable E(K8S_AUTH_USERNAME).
      - On an OpenShift, user name and password are exchanged for a token at its OAuth server, which needs the Python
        package C(openshift). Any other API server is sent them as they are.
    type: str
  password:
    description:
      - Password for O(username). Also by the environment variable E(K8S_AUTH_PASSWORD).
    type: str
  client_cert:
    description:
      - Path of a client certificate. Also by the environment variable E(K8S_AUTH_CERT_FILE).
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - Path of the key of O(client_cert). Also by the environment variable E(K8S_AUTH_KEY_FILE).
    type: path
    aliases: [key_file]
  ca_cert:
    description:
      - Path of the CA certificates by which the API server is known. Also by the environment variable
        E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  validate_certs:
    description:
      - Whether the API server's certificate is verified. Also by the environment variable E(K8S_AUTH_VERIFY_SSL).
      - If it is not given, the kubeconfig decides; that is to verify unless it says otherwise.
    type: bool
    aliases: [verify_ssl]
  proxy:
    description:
      - URL of an HTTP proxy in front of the API server. Also by the environment variable E(K8S_AUTH_PROXY).
      - If it is not given, the kubeconfig's C(proxy-url) is used, then the variables C(HTTPS_PROXY) and C(NO_PROXY).
    type: str
  no_proxy:
    description:
      - Comma-separated hosts that are reached without O(proxy). Also by the environment variable
        E(K8S_AUTH_NO_PROXY).
    type: str
  impersonate_user:
    description:
      - User to act as. Also by the environment variable E(K8S_AUTH_IMPERSONATE_USER).
    type: str
  impersonate_groups:
    description:
      - Groups to act as a member of, with O(impersonate_user). Also by the environment variable
        E(K8S_AUTH_IMPERSONATE_GROUPS).
    type: list
    elements: str
  service_account:
    description:
      - Service account to act as, C(name) in the cluster's namespace or C(namespace/name).
      - A token that lives for an hour is asked for with the credentials that the other options give, and everything
        else is done with that token.
    type: str
notes:
  - The option names are those of the collection kubernetes.core, so that C(module_defaults) can serve both.
requirements:
  - python >= 3.11
  - kubernetes >= 28.1.0 (the Python package)
  - openshift >= 0.13 (the Python package), for O(username) and O(password) on an OpenShift only
  - PyYAML >= 6.0
"""
