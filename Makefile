# Everything a person types. `make` alone lists it.
BIN := .venv/bin
PICTURES := lab admin admin-attempt time-up # those that README.md shows
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help setup up down test check attacks bench test-gpu screenshots

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## bring everything the portal needs into this checkout
	@scripts/setup.sh

up: setup ## start the portal, or put right what does not run
	@$(BIN)/portal up

down: ## stop the portal; experts' notebook servers keep running
	@$(BIN)/portal down

test: setup ## all tests, also those with a real portal, sandbox and browser
	@$(PYTEST) -q

check: setup ## formatting, lint, types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

attacks: setup ## only the tests of what a sandbox must refuse
	@$(PYTEST) -q -m sandbox

bench: setup ## how fast the portal is on this machine
	@$(BIN)/python -m benchmarks.scoring

test-gpu: setup ## only the tests that need an NVIDIA GPU
	@$(PYTEST) -q -m gpu || { code=$$?; [ $$code -eq 5 ] && echo "There are no GPU tests yet."; }

screenshots: setup ## drive the portal in a browser and renew docs/images
	@$(PYTEST) -q tests/end_to_end/test_experts_day.py
	@mkdir -p docs/images && for name in $(PICTURES); do \
	cp var/screenshots/$$name.png docs/images/; done
