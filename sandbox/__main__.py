# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entry point: `python path/to/sandbox up` runs the folder itself, wherever it lies and whatever the cwd is."""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__":
    if sys.hexversion < 0x030B0000:
        sys.exit("the sandbox needs Python 3.11 or newer, this is " + sys.version.split()[0])
    # Python puts this folder on the path when it runs a folder; the package is found from the one above.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from sandbox.cli import main

    sys.exit(main())
