# SPDX-License-Identifier: Apache-2.0
"""Refreshes with python-tuf, as tuf-client does: refresh.py ROOT METADATA-URL FOLDER"""
import sys
from tuf.ngclient import Updater, UpdaterConfig

root, url, folder = sys.argv[1:]
config = UpdaterConfig(targets_max_length=1 << 28)
with open(root, "rb") as file:
    Updater(folder, url, bootstrap=file.read(), config=config).refresh()
