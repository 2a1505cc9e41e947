#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All tests. The parts first, a few at a time; then the stories with the real executables, with the machine to
# themselves: beside hundreds of other tests on two cores their time limits would measure the crowd. What failed is
# said once more at the end, where one looks first.
set -uo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
"$swift" build --build-tests --explicit-target-dependency-import-check error || exit 1
log=$(mktemp)
trap 'rm -f "$log"' EXIT
code=0
SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${TEST_WIDTH:-4} \
    "$swift" test --skip-build --disable-xctest --skip EndToEndTests 2>&1 | tee "$log" || code=$?
"$swift" test --skip-build --disable-xctest --filter EndToEndTests 2>&1 | tee -a "$log" || code=$?
if [ "$code" -ne 0 ]; then grep -E '✘|^error:|Fatal error' "$log" | tail -n 20; fi
echo "make test: exit code $code"
exit "$code"
