# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the certificates and keys of a sandbox lie."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from .errors import SandboxError

CLUSTER_CA = "ca"
ETCD_CA = "etcd-ca"
SERVICE_ACCOUNT = "service-account"


@dataclass(frozen=True, slots=True)
class Pki:
    """The files of the certificates: `name`.crt and `name`.key in one folder."""

    folder: Path

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    @property
    def authority(self) -> Path:
        return self.certificate(CLUSTER_CA)

    @property
    def authority_key(self) -> Path:
        return self.key(CLUSTER_CA)

    @property
    def etcd_authority(self) -> Path:
        return self.certificate(ETCD_CA)

    @property
    def service_account_key(self) -> Path:
        return self.key(SERVICE_ACCOUNT)

    @property
    def service_account_public_key(self) -> Path:
        return self.folder / f"{SERVICE_ACCOUNT}.pub"


def ensure_pki(folder: Path) -> Pki:
    """Makes all certificates in `folder` if it does not exist; the folder appears when it is complete.

    Raises SandboxError if the library for it is missing.
    """
    if not folder.is_dir():
        try:
            # Only the first `up` needs the library; every other command starts faster without it.
            from .certificates import make_all
        except ModuleNotFoundError as error:
            raise SandboxError(
                f"the Python library {error.name} is missing", "Install it: python -m pip install cryptography"
            ) from None
        unfinished = folder.with_name(f".{folder.name}.tmp")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True, mode=0o700)
        make_all(Pki(unfinished))
        unfinished.rename(folder)
    return Pki(folder)
