#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Updates a real third-party program of over 100 MB with the real executables: two versions of a PyPI wheel are
# published, the first is installed and run by the agent, the second is ordered; then every installed file is compared
# with the wheel it came from. Usage: scripts/third-party.sh [BUILD-FOLDER]   (needs python3 with pip, and curl)
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(cd "${1:-.build/debug}" && pwd)
package=playwright old=1.64.1 new=1.65.2
work=$(mktemp -d)
pids=()
finish() {
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

say() { printf '\n== %s\n' "$*"; }
await() { # what, seconds, command...: waits for a condition, with a bound
    local what=$1 left=$(($2 * 5)); shift 2
    until "$@" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || { echo "third-party: $what did not happen in time" >&2; cat "$work"/*.err >&2; exit 1; }
        sleep 0.2
    done
}

say "two versions of $package"
for version in "$old" "$new"; do
    python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: \
        --platform manylinux1_x86_64 -d "$work/$version.wheel" "$package==$version"
    # A wheel's executables have their mode in the archive; Python's zipfile module does not apply it.
    python3 - "$work/$version.wheel"/*.whl "$work/$version" <<'PY'
import os, sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
for entry in archive.infolist():
    path = archive.extract(entry, sys.argv[2])
    if not entry.is_dir():
        os.chmod(path, 0o755 if (entry.external_attr >> 16) & 0o100 else 0o644)
PY
    du -sh "$work/$version" | cut -f1
done

say "publish both"
"$bin/ricambio-repo" init "$work/repository"
publish() {
    "$bin/ricambio-repo" publish "$work/repository" driver "$1" --channel stable \
        --server linux-x86_64="$work/$1" --level "${LEVEL:-9}"
}
time publish "$old"
"$bin/ricambio-repo" serve "$work/repository" --port 0 >"$work/serve.out" 2>"$work/serve.err" &
pids+=($!)
await "serving" 20 grep -q http "$work/serve.out"
url=$(grep -o 'http://[^ ]*' "$work/serve.out")

say "install $old"
mkdir "$work/customer"
cp "$work/repository/public/metadata/1.root.json" "$work/customer/root.json"
"$bin/ricambio" install --repository "$url" --root "$work/customer/root.json" --product driver \
    --folder "$work/customer/Driver" --id driver
time publish "$new"

say "the agent runs it"
cat >"$work/customer/agent.yaml" <<YAML
listen: 127.0.0.1:0
state: ./state
mail: { from: ricambio@example.com, to: [admin@example.com], folder: ./mail }
installations:
  - id: driver
    product: driver
    channel: stable
    folder: ./Driver
    repository: { url: "$url", root: ./root.json }
    service:
      type: process
      command: ["./playwright/driver/node", "./playwright/driver/package/cli.js", "run-server", "--port", "0"]
      stopTimeout: 10
    health:
      command: ["./playwright/driver/node", "-e", "console.log(require('fs').readFileSync('playwright/_repo_version.py', 'utf8'))"]
      timeout: 60
      expectVersion: true
YAML
"$bin/ricambio" agent --config "$work/customer/agent.yaml" >"$work/agent.out" 2>"$work/agent.err" &
pids+=($!)
await "the agent" 60 grep -q 'one-time password' "$work/agent.out"
agent=$(sed -n 's/^ricambio agent ready: //p' "$work/agent.out")
fingerprint=$(sed -n 's/^certificate fingerprint: //p' "$work/agent.out")
(umask 077 && sed -n 's/.*one-time password: //p' "$work/agent.out" | tr -d '\n' >"$work/once" &&
    printf 'third party 42 times' >"$work/password")
export RICAMBIO_HOME="$work/home"
"$bin/ricambio" login "$agent" --user admin --fingerprint "$fingerprint" \
    --password-file "$work/once" --new-password-file "$work/password"
"$bin/ricambio" update --grace 0 --yes
"$bin/ricambio" status
"$bin/ricambio" history --json >"$work/history.json"

say "every file against the wheel"
python3 - "$work/$new.wheel"/*.whl "$work/customer/Driver" "$work/history.json" <<'PY'
import base64, csv, hashlib, io, json, os, sys, zipfile
archive, folder = zipfile.ZipFile(sys.argv[1]), sys.argv[2]
names = {entry.filename for entry in archive.infolist() if not entry.is_dir()}
found = {os.path.relpath(os.path.join(place, name), folder)
         for place, _, files in os.walk(folder) for name in files}
assert found == names, sorted(found ^ names)[:10]
hashed = 0
record = next(name for name in names if name.endswith(".dist-info/RECORD"))
for name, digest, _ in csv.reader(io.TextIOWrapper(archive.open(record), "utf-8")):
    content = open(os.path.join(folder, name), "rb").read()
    assert content == archive.read(name), name
    if digest:  # the wheel's own hashes, made by its publisher
        algorithm, _, value = digest.partition("=")
        actual = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).rstrip(b"=").decode()
        assert actual == value, name
        hashed += 1
run = json.load(open(sys.argv[3]))
run = (run["runs"] if isinstance(run, dict) else run)[0]
assert run["outcome"] == "updated", run
print(f"{len(names)} files identical to the wheel's, {hashed} of them by the hashes in its RECORD")
print("downtime {downtimeSeconds:.2f} s, of it the program's own stop {applicationStopSeconds:.2f} s"
      " and start {applicationStartSeconds:.2f} s".format(**run))
PY
