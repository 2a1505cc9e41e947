# SPDX-License-Identifier: Apache-2.0
"""Writes repositories with python-tuf's metadata API below FOLDER, one for each name:

good            RSA, ECDSA and ed25519 keys; root 2 has another key and a threshold of 2; succinct hash bins;
                a delegation by path_hash_prefixes; a terminating delegation; custom fields
plain           the same without consistent snapshots
expired         a timestamp whose time is over
unsigned        root 2 is signed by its own keys only
mixed           the snapshot names a version of targets, and what is served under it is another version
endless         a targets file longer than the snapshot says
next            the same as good, one version later
older           the same as good, but with the first timestamp: a roll-back for who has seen good
Each has FOLDER/NAME/public/{metadata,targets}; the first root is FOLDER/root.json for all of them.
"""
import hashlib
import pathlib
import sys
from datetime import datetime, timedelta, timezone

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole, Delegations, Metadata, MetaFile, Root, Snapshot, SuccinctRoles, TargetFile, Targets, Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

later = datetime.now(timezone.utc).replace(microsecond=0) + timedelta(days=30)
before = later - timedelta(days=60)
top_target, bin_target, prefix_target = "top level.txt", "bins/in a bin.txt", "prefixed.txt"
odd_target = "odd/ä 100% [1]%2F.txt"
keys = {
    "root": CryptoSigner.generate_rsa(), "root-2": CryptoSigner.generate_ed25519(),
    "root-3": CryptoSigner.generate_ecdsa(), "timestamp": CryptoSigner.generate_ecdsa(),
    "snapshot": CryptoSigner.generate_ed25519(), "targets": CryptoSigner.generate_rsa(),
    "bins": CryptoSigner.generate_ed25519(), "prefixed": CryptoSigner.generate_ecdsa(),
    "last": CryptoSigner.generate_ed25519(),
}


def encoded(signed, *names):
    document = Metadata(signed)
    for name in names:
        document.sign(keys[name], append=True)
    return document.to_bytes(JSONSerializer(compact=False))


def make_roots():
    root = Root(expires=later)
    root.unrecognized_fields["vendor"] = {"note": 'a "quoted" line\nand a second', "n": 7}
    for role in ("root", "timestamp", "snapshot", "targets"):
        root.add_key(keys[role].public_key, role)
    first = encoded(root, "root")
    root.revoke_key(keys["root"].public_key.keyid, "root")
    root.add_key(keys["root-2"].public_key, "root")
    root.add_key(keys["root-3"].public_key, "root")
    root.roles["root"].threshold = 2
    root.version = 2
    return root, first


def write(folder, name, first, root):
    consistent = name != "plain"
    metadata, targets = folder / name / "public/metadata", folder / name / "public/targets"
    metadata.mkdir(parents=True)
    targets.mkdir(parents=True)
    root.consistent_snapshot = consistent
    (metadata / "1.root.json").write_bytes(first)
    signers = ("root-2", "root-3") if name == "unsigned" else ("root", "root-2", "root-3")
    (metadata / "2.root.json").write_bytes(encoded(root, *signers))

    meta, documents = {}, {}

    def add(role, signed, *signers):
        bytes_ = encoded(signed, *signers)
        meta[f"{role}.json"] = MetaFile.from_data(signed.version, bytes_, ["sha256", "sha512"])
        if name == "endless" and role == "targets":
            bytes_ += b" " * 1000
        # As a static server finds it: it decodes what the client encoded.
        documents[f"{signed.version}.{role}.json" if consistent else f"{role}.json"] = bytes_

    def target(role, path):
        content = f"the content of {path}".encode()
        info = TargetFile.from_data(path, content, ["sha256"])
        info.unrecognized_fields["custom"] = {"path": path}
        role.targets[path] = info
        head, _, last = path.rpartition("/")
        place = targets / head
        place.mkdir(parents=True, exist_ok=True)
        (place / (f"{hashlib.sha256(content).hexdigest()}.{last}" if consistent else last)).write_bytes(content)

    bins = Targets(expires=later)
    succinct = SuccinctRoles([keys["bins"].public_key.keyid], 1, 4, "bin")
    bins.delegations = Delegations({keys["bins"].public_key.keyid: keys["bins"].public_key}, None, succinct)
    contents = {role: Targets(expires=later) for role in succinct.get_roles()}
    target(contents[succinct.get_role_for_target(bin_target)], bin_target)
    prefixed, last = Targets(expires=later), Targets(expires=later)
    target(prefixed, prefix_target)
    top = Targets(expires=later)
    target(top, top_target)
    target(top, odd_target)
    digest = hashlib.sha256(prefix_target.encode()).hexdigest()
    # The role named "odd ?last#" never gets a word: the one before it is terminating.
    roles = {
        "all bins": DelegatedRole("all bins", [keys["bins"].public_key.keyid], 1, True, paths=["bins/*"]),
        "prefixed": DelegatedRole(
            "prefixed", [keys["prefixed"].public_key.keyid], 1, False, path_hash_prefixes=[digest[:3]]),
        "odd ?last#": DelegatedRole("odd ?last#", [keys["last"].public_key.keyid], 1, False, paths=["bins/*", "*"]),
    }
    target(last, "bins/only last has it.txt")
    top.delegations = Delegations(
        {keys[k].public_key.keyid: keys[k].public_key for k in ("bins", "prefixed", "last")}, roles)
    add("targets", top, "targets")
    add("all bins", bins, "bins")
    add("prefixed", prefixed, "prefixed")
    add("odd ?last#", last, "last")
    for role, signed in contents.items():
        add(role, signed, "bins")
    if name == "mixed":
        meta["targets.json"] = MetaFile(9)
        documents["9.targets.json"] = documents["1.targets.json"]
    version = {"older": 1, "next": 3}.get(name, 2)
    snapshot = Snapshot(version=version, expires=later, meta=meta)
    bytes_ = encoded(snapshot, "snapshot")
    documents[f"{snapshot.version}.snapshot.json" if consistent else "snapshot.json"] = bytes_
    timestamp = Timestamp(
        version=version, expires=before if name == "expired" else later,
        snapshot_meta=MetaFile.from_data(snapshot.version, bytes_, ["sha256"]))
    documents["timestamp.json"] = encoded(timestamp, "timestamp")
    for file, content in documents.items():
        (metadata / file).parent.mkdir(parents=True, exist_ok=True)
        (metadata / file).write_bytes(content)


folder = pathlib.Path(sys.argv[1])
new_root, first_root = make_roots()
folder.mkdir(parents=True)
(folder / "root.json").write_bytes(first_root)
for name in sys.argv[2:]:
    write(folder, name, first_root, new_root)
