#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The arrows between the targets point one way: each may import only what stands beside its name here.
# Package.swift says what a target links; this says what it may ever link, so that a new line there is seen.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0

own='Agent|AgentAPI|CDivsufsort|CPlatform|CZstd|DeltaMaking|HTTPFetcher|HTTPSemantics|Installation|ObjectStore|Packaging|Platform|Replacement|RicambioClient|ServiceControl|Stage|TUF|TUFRepository'

imports() { # folder → "file:line:module" of each import
    grep -rnE --include='*.swift' \
        '^[[:space:]]*(@testable |@_exported |@preconcurrency )*(public |internal |package |private |fileprivate )?import ' "$1" |
        sed -E 's/^([^:]+:[0-9]+):.*import (struct |class |enum |protocol |func |typealias |let |var )?([A-Za-z0-9_]+).*/\1:\3/'
}

may() { # folder, then the modules of this package it may import
    local folder=$1 file line module
    shift
    while IFS=: read -r file line module; do
        [[ "$module" =~ ^($own)$ ]] || continue
        if [[ " $* " != *" $module "* ]]; then
            echo "$file:$line: $folder must not import $module; it may import: ${*:-none of this package}" >&2
            status=1
        fi
    done < <(imports "$folder")
}

may Sources/Platform CPlatform
may Sources/TUF Platform
may Sources/TUFRepository TUF Platform
may Sources/Packaging Replacement TUF Platform CZstd
may Sources/DeltaMaking Packaging Platform CZstd CDivsufsort
may Sources/HTTPFetcher TUF Platform
may Sources/ObjectStore HTTPFetcher TUF Platform
may Sources/Replacement Platform
may Sources/HTTPSemantics
may Sources/AgentAPI
may Sources/ServiceControl Platform
may Sources/Installation AgentAPI Packaging Replacement ServiceControl TUF Platform
may Sources/Agent AgentAPI HTTPFetcher HTTPSemantics Installation Packaging Platform Replacement ServiceControl TUF
may Sources/RicambioClient AgentAPI HTTPFetcher Packaging Platform Replacement TUF
may Sources/ricambio Agent AgentAPI HTTPFetcher Installation Packaging Platform Replacement RicambioClient ServiceControl TUF
may Sources/ricambio-repo DeltaMaking HTTPFetcher HTTPSemantics ObjectStore TUFRepository Packaging TUF Platform
may Sources/tuf-client HTTPFetcher Platform TUF
may Examples/OfficeMaker AgentAPI RicambioClient Platform
may Examples/Stage AgentAPI Platform RicambioClient
may Examples/Demo AgentAPI Stage
may Examples/Soak AgentAPI Platform Stage

# The parts that stand on their own do without the whole of Foundation, which would bring ICU along.
while IFS= read -r file; do
    if ! awk '/^[[:space:]]*(public )?import Foundation[[:space:]]*$/ && before !~ /#else/ { print FILENAME ":" NR ": import FoundationEssentials instead" > "/dev/stderr"; bad = 1 } { before = $0 } END { exit bad }' "$file"; then
        status=1
    fi
done < <(find Sources/HTTPSemantics Sources/Platform Sources/Replacement Sources/TUF Sources/TUFRepository Sources/Packaging Sources/DeltaMaking Sources/ServiceControl -name '*.swift')
exit $status
