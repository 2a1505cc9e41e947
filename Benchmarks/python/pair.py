# SPDX-License-Identifier: Apache-2.0
"""Fetches a version of a package as a wheel, unpacks it, and puts the tree into a tar with sorted names.

pair.py FOLDER PACKAGE VERSION: makes FOLDER/PACKAGE-VERSION/ and FOLDER/PACKAGE-VERSION.tar, unless they are there.
"""

import glob
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile

PLATFORMS = ["any", "manylinux1_x86_64", "manylinux2014_x86_64", "manylinux_2_28_x86_64"]


def wheel(folder, package, version):
    pattern = os.path.join(folder, "wheels", f"{package}-{version}-*.whl")
    if not glob.glob(pattern):
        command = [sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps"]
        command += ["--only-binary=:all:", "--python-version", "3.12", "-d", os.path.join(folder, "wheels")]
        for platform in PLATFORMS:
            command += ["--platform", platform]
        subprocess.run(command + [f"{package}=={version}"], check=True)
    return glob.glob(pattern)[0]


def unpack(archive, tree):
    # A wheel's executables have their mode in the archive; Python's zipfile module does not apply it.
    archive = zipfile.ZipFile(archive)
    for entry in archive.infolist():
        path = archive.extract(entry, tree)
        if not entry.is_dir():
            os.chmod(path, 0o755 if (entry.external_attr >> 16) & 0o100 else 0o644)


def pack(tree, file):
    def plain(member):
        member.uid = member.gid = member.mtime = 0
        member.uname = member.gname = ""
        return member

    paths = [os.path.join(place, name) for place, _, names in os.walk(tree) for name in names]
    with tarfile.open(file, "w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(paths):
            archive.add(path, arcname=os.path.relpath(path, tree), filter=plain)


def main():
    folder, package, version = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    tree = os.path.join(folder, f"{package}-{version}")
    if os.path.exists(tree + ".tar"):
        return
    shutil.rmtree(tree, ignore_errors=True)
    unpack(wheel(folder, package, version), tree)
    pack(tree, tree + ".unfinished")
    os.rename(tree + ".unfinished", tree + ".tar")


main()
