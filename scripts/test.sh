#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# All tests. The parts first, a few at a time; then the stories with the real executables, with the machine to
# themselves: beside hundreds of other tests on two cores their time limits would measure the crowd.
set -uo pipefail
cd "$(dirname "$0")/.."
swift=${SWIFT:-swift}
"$swift" build --build-tests --explicit-target-dependency-import-check error || exit 1
code=0
SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${TEST_WIDTH:-4} \
    "$swift" test --skip-build --disable-xctest --skip EndToEndTests || code=$?
"$swift" test --skip-build --disable-xctest --filter EndToEndTests || code=$?
echo "make test: exit code $code"
exit "$code"
