#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the fuzzers (libFuzzer, which comes with Swift for Linux), each for some seconds; a crash leaves its input in .fuzz/.
#   fuzz.sh [SECONDS] [NAME...]
set -euo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
seconds=${1:-60}
shift || true
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(delta json metadata)
for name in "${names[@]}"; do
    "$swift" build --package-path Fuzz --scratch-path .build-fuzz -c release --sanitize fuzzer --product "fuzz-$name" -q
    mkdir -p ".fuzz/$name"
    echo "== $name, $seconds s"
    ".build-fuzz/release/fuzz-$name" -max_total_time="$seconds" -max_len=65536 -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix=".fuzz/$name-" ".fuzz/$name" "Fuzz/corpus/$name" 2>&1 |
        grep -E '^(stat::|Done|==|SUMMARY|.*ERROR|.*Fatal)' || true
    # The pipe hides the exit code; what it leaves behind does not.
    if compgen -G ".fuzz/$name-*" >/dev/null; then
        echo "fuzz: $name found something: $(ls .fuzz/$name-*)" >&2
        exit 1
    fi
done
