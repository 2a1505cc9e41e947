#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All benchmarks, each beside its peers in the same run; the figures go to .bench/*.json. Takes its time: it builds for release.
#   bench.sh [NAME...]   only these: trust distribution mirror downtime
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
scratch=.build-bench
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(trust distribution mirror downtime)
mkdir -p .bench
sudo=
[ "$(id -u)" = 0 ] || sudo=sudo

built() { # products, as they are shipped: customers have no Swift runtime; SwiftPM takes one at a time
    for product in "$@"; do
        "$swift" build --package-path Benchmarks --scratch-path "$scratch" -c release --static-swift-stdlib \
            --product "$product" -q
    done
}

installed() { # Debian packages
    echo "bench: installing $*" >&2
    $sudo apt-get install -y -q --no-install-recommends "$@" >&2
}

peers() { # what does the same as a pack or a delta; asks the package manager for what is missing
    local tool missing=()
    for tool in zstd xdelta3 bsdiff casync openssl; do
        command -v "$tool" >/dev/null || missing+=("$tool")
    done
    [ ${#missing[@]} -eq 0 ] || installed "${missing[@]}"
}

for name in "${names[@]}"; do
    echo "== $name"
    case $name in
    trust)
        built tuf-client bench
        "$scratch/release/bench" trust --bin "$scratch/release" --python "$PWD/.venv/bin/python" \
            --peer Benchmarks/python/refresh.py --json .bench/trust.json
        ;;
    mirror)
        nginx=$(PATH=$PATH:/usr/sbin:/usr/local/sbin command -v nginx || true)
        if [ -z "$nginx" ]; then
            # Only the program is wanted: nothing that this starts may take a port of the machine.
            installed nginx-light
            $sudo systemctl disable --now nginx >/dev/null 2>&1 || true
            nginx=/usr/sbin/nginx
        fi
        built ricambio ricambio-repo bench
        "$scratch/release/bench" mirror --bin "$scratch/release" --nginx "$nginx" --json .bench/mirror.json
        ;;
    distribution)
        peers
        built ricambio-repo stage bench
        "$scratch/release/bench" distribution --bin "$scratch/release" --python .venv/bin/python \
            --fetch Benchmarks/python/pair.py --data .bench/data --json .bench/distribution.json
        ;;
    downtime)
        # What takes the exchange of two folders away, as some file systems have none.
        "${CC:-cc}" -std=gnu17 -O1 -o .bench/failing-calls Examples/Soak/FailingCalls/main.c
        built ricambio ricambio-repo bench
        "$scratch/release/bench" downtime --bin "$scratch/release" --failing-calls "$PWD/.bench/failing-calls" \
            --json .bench/downtime.json
        ;;
    *)
        echo "bench: no benchmark is called $name; there are: trust distribution mirror downtime" >&2
        exit 2
        ;;
    esac
done
