# SPDX-License-Identifier: Apache-2.0
"""Reads a repository with python-tuf's client: ROOT BASE-URL FOLDER TARGET…; prints each target's file."""
import pathlib
import sys

from tuf.ngclient import Updater

root, base, folder, *names = sys.argv[1:]
metadata, targets = pathlib.Path(folder, "metadata"), pathlib.Path(folder, "targets")
metadata.mkdir(parents=True, exist_ok=True)
targets.mkdir(parents=True, exist_ok=True)
updater = Updater(
    str(metadata), base + "metadata/", str(targets), base + "targets/", bootstrap=pathlib.Path(root).read_bytes()
)
updater.refresh()
for name in names:
    info = updater.get_targetinfo(name)
    if info is None:
        sys.exit(f"{name} is not listed")
    print(updater.download_target(info))
