#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Brings what the build and the tests need beyond Swift itself.
#   bootstrap.sh            libraries, and the Python environment of the tests
#   bootstrap.sh libraries  libraries only: enough for the build and the demo
# Does nothing, and needs no network, when everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}

have() { command -v "$1" >/dev/null 2>&1; }
say() { echo "bootstrap: $*" >&2; }

if ! have swift; then
    say "the swift command is missing. Install Swift 6.2 or newer (https://www.swift.org/install/), then run this again."
    exit 1
fi

# Each need: how to see it, its Debian package, its Homebrew formula.
missing_apt=()
missing_brew=()
need() {
    local apt=$1 brew=$2
    shift 2
    if ! "$@" >/dev/null 2>&1; then
        missing_apt+=("$apt")
        if [ -n "$brew" ]; then missing_brew+=("$brew"); fi
    fi
}
library() { have pkg-config && pkg-config --exists "$1"; }
need pkg-config pkgconf have pkg-config
need libzstd-dev zstd library libzstd
need libdivsufsort-dev libdivsufsort library libdivsufsort
if [ "$(uname)" = Linux ]; then need libsqlite3-dev "" library sqlite3; fi
need curl curl have curl
if [ "$what" = all ]; then need python3-venv python3 python3 -c 'import ensurepip, venv'; fi

if [ ${#missing_apt[@]} -gt 0 ]; then
    sudo=
    if [ "$(id -u)" != 0 ]; then sudo=sudo; fi
    if have apt-get && { [ -z "$sudo" ] || { have sudo && sudo -n true 2>/dev/null; }; }; then
        say "installing ${missing_apt[*]}"
        $sudo apt-get update -qq
        DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing_apt[@]}" >&2
    elif have brew; then
        say "missing. Run: brew install ${missing_brew[*]}"
        exit 1
    else
        say "missing. Install these (names of Debian and Ubuntu): ${missing_apt[*]}"
        say "there: sudo apt-get install ${missing_apt[*]}"
        exit 1
    fi
fi

# The tests talk to a real SMTP server, another implementation of TUF, and an S3 server.
if [ "$what" = all ] && ! .venv/bin/python -c 'import aiosmtpd, cryptography, moto.server, tuf' 2>/dev/null; then
    say "making .venv with $(grep -v '^#' scripts/requirements.txt | tr '\n' ' ')"
    rm -rf .venv
    python3 -m venv .venv
    if ! .venv/bin/pip install -q --disable-pip-version-check -r scripts/requirements.txt; then
        say "the Python packages of scripts/requirements.txt could not be installed; the tests need them."
        exit 1
    fi
fi
