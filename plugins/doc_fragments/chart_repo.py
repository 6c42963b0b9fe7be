# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations


class ModuleDocFragment:
    """Where charts come from that are not here: the options of ``arguments.CHART_REPO``."""

    DOCUMENTATION = r"""
options:
  chart_repo_url:
    description:
      - The chart repository in which a chart is looked for that is neither in the store nor among the charts of this
        collection.
      - C(http://) or C(https://) of a Helm repository, C(oci://host/path) in a registry such as Harbor, or the path of
        a folder with archives, with or without an C(index.yaml).
      - The environment variable E(KUBEFATE_CHART_REPO_URL), or E(FATECLOUD_REPO_URL) as KubeFATE calls it, is the
        default.
    type: str
    aliases: [repo_url, chart_repository]
  chart_repo_username:
    description:
      - User name for the repository or registry. It is sent to no other host.
    type: str
    aliases: [repo_username]
  chart_repo_password:
    description:
      - Password or token that goes with O(chart_repo_username).
    type: str
    aliases: [repo_password]
  chart_repo_ca_cert:
    description:
      - Path of the certificate of the CA that signed the server's certificate. Those of the system by default.
    type: path
    aliases: [chart_ca_cert]
  chart_repo_client_cert:
    description:
      - Path of a client certificate.
    type: path
    aliases: [chart_ssl_cert_file]
  chart_repo_client_key:
    description:
      - Path of the key that goes with O(chart_repo_client_cert).
    type: path
    aliases: [chart_ssl_key_file]
  chart_repo_validate_certs:
    description:
      - V(false) trusts whoever answers. A server's certificate is verified by default.
    type: bool
  chart_repo_plain_http:
    description:
      - The registry of an C(oci://) address speaks no TLS.
    type: bool
    aliases: [plain_http]
  chart_repo_pass_credentials:
    description:
      - Send the credentials also to other hosts on which the repository's index says that its archives are.
    type: bool
    aliases: [pass_credentials]
  bundled_charts:
    description:
      - Where the charts of this collection lie, name to path. It is filled in by the collection itself.
    type: dict
"""
