# SPDX-License-Identifier: Apache-2.0
# One flag set everywhere, so that nothing is built twice.
SWIFT ?= swift
FLAGS := --explicit-target-dependency-import-check error
BIN := .build/debug
OWN := Package.swift Sources Examples Tests
SHELL := /bin/bash

.PHONY: bootstrap libraries build test lint format bench demo run third-party clean

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

# The update's down time beside the application's own stop and start time.
bench: build
	@$(BIN)/demo --bin $(BIN) --folder .demo --bench

clean:
	rm -rf .build .demo .run .venv
