# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers on the loopback, for tests: each a context manager with free ports and a folder of its own.

The programs come from the machine, if it has them new enough, otherwise from the package registries that it is set up
for, into ``.work/servers``: nothing is installed.
"""
