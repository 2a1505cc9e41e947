# SPDX-License-Identifier: Apache-2.0
# One flag set everywhere, so that nothing is built twice.
SWIFT ?= swift
FLAGS := --explicit-target-dependency-import-check error
BIN := .build/debug
OWN := Package.swift Sources Examples Tests Benchmarks/Package.swift Benchmarks/Sources Fuzz/Package.swift Fuzz/Sources
SHELL := /bin/bash

.PHONY: bootstrap libraries build test lint format bench soak fuzz demo run third-party clean

# What the build and the tests need from the system; asks the package manager, or names what is missing.
bootstrap:
	@scripts/bootstrap.sh

libraries:
	@scripts/bootstrap.sh libraries

build: libraries
	$(SWIFT) build --build-tests $(FLAGS)

# Ends with Swift Testing's summaries and the exit code.
test: bootstrap
	@scripts/test.sh

# Undeclared imports and warnings are errors of the build itself; style, licence lines and arrows are checked beside it.
lint: libraries
	$(SWIFT) format lint -r --strict $(OWN)
	@scripts/check-licence.sh
	@scripts/check-arrows.sh
	$(SWIFT) build --build-tests $(FLAGS)

format:
	$(SWIFT) format -i -r $(OWN)

# One whole update on real parts; exit code 0 only if all of it is true. Writes .demo/report.json.
demo: build
	@$(BIN)/demo --bin $(BIN) --folder .demo

# The same, and everything stays up to play with until Ctrl-C.
run: build
	@$(BIN)/demo --bin $(BIN) --folder .run --stay

# Two versions of a real program of over 100 MB, fetched by pip, installed and updated; each file against its publisher's hash.
third-party: build
	@scripts/third-party.sh $(BIN)

# Speed, memory and down time, beside peers in the same run; BENCH="trust" runs one only. Figures go to .bench/.
bench: bootstrap
	@scripts/bench.sh $(BENCH)

# Updates without end under kills, failing calls and full disks; ends with “U updates, F faults, L lost, S stuck”, exit code 0
# only if L and S are 0. SEED= draws the rounds of that seed again; what was lost is kept in .soak/. Full disks need root.
SECONDS ?= 60
soak: build
	@$(BIN)/soak --bin $(BIN) --folder .soak --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

# Fuzzers with coverage feedback over everything that parses what a stranger sends; FUZZ_SECONDS=600 for longer.
FUZZ_SECONDS ?= 60
fuzz: libraries
	@scripts/fuzz.sh $(FUZZ_SECONDS)

clean:
	rm -rf .build .build-bench .build-fuzz .demo .run .soak .venv .bench .fuzz
