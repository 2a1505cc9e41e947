#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each source file says its licence in its first lines (Package.swift and scripts start with a line that must be first).
set -euo pipefail
cd "$(dirname "$0")/.."
status=0
while IFS= read -r file; do
    if ! head -n 2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0'; then
        echo "$file: the licence line is missing: // SPDX-License-Identifier: Apache-2.0" >&2
        status=1
    fi
done < <(find Package.swift Makefile Sources Examples Tests Benchmarks Fuzz scripts .ci -type f \
    \( -name '*.swift' -o -name '*.c' -o -name '*.h' -o -name '*.sh' -o -name '*.py' -o -name Makefile -o -path '.ci/*' \))
exit $status
