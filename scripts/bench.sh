#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All benchmarks, each beside its peers in the same run; the figures go to .bench/*.json. Takes its time: it builds for release.
#   bench.sh [NAME...]   only these: trust downtime
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
scratch=.build-bench
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(trust downtime)
mkdir -p .bench

built() { # products, for release; SwiftPM takes one at a time
    for product in "$@"; do
        "$swift" build --package-path Benchmarks --scratch-path "$scratch" -c release --product "$product" -q
    done
}

for name in "${names[@]}"; do
    echo "== $name"
    case $name in
    trust)
        built tuf-client bench
        "$scratch/release/bench" trust --bin "$scratch/release" --python "$PWD/.venv/bin/python" \
            --peer Benchmarks/python/refresh.py --json .bench/trust.json
        ;;
    downtime)
        # The update's down time beside the application's own stop and start time.
        "$swift" build --build-tests --explicit-target-dependency-import-check error -q
        .build/debug/demo --bin .build/debug --folder .demo --bench
        ;;
    *)
        echo "bench: no benchmark is called $name; there are: trust downtime" >&2
        exit 2
        ;;
    esac
done
