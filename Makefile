# Thin wrappers around the `atelier` binary, and what it takes to build and check it.
#
# `make demo` and `make check` are the two commands of the README; everything else is a word for `atelier <word>`.
# An `atelier` on the PATH is used as it is; otherwise the release binary of this folder, built when it is absent.

# What a user's environment may set would give a dynamic binary or put it elsewhere.
unexport RUSTFLAGS CARGO_ENCODED_RUSTFLAGS CARGO_BUILD_RUSTFLAGS CARGO_BUILD_TARGET CARGO_TARGET_DIR CARGO_BUILD_TARGET_DIR

HOST    := $(shell rustc -vV 2>/dev/null | sed -n 's/^host: //p')
RELEASE := target/$(HOST)/release/atelier
ATELIER ?= $(or $(shell command -v atelier 2>/dev/null),$(RELEASE))

# Paths of this machine stay out of the binary, so that two builds of one commit are the same file.
CARGO_DIR := $(or $(CARGO_HOME),$(HOME)/.cargo)
REMAP     := "--remap-path-prefix=$(CARGO_DIR)=/cargo","--remap-path-prefix=$(CURDIR)=/atelier"

# What `atelier version` tells; empty outside a repository.
COMMIT := $(shell git describe --always --dirty --abbrev=12 --exclude '*' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help demo check crash build bench docs order fuzz install up down deploy test bonus test-bonus clean logs status doctor

help: ## Lists the targets
	@grep -hE '^[a-z -]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+)[^#]*## (.*)/\1	\2/' | expand -t 14

demo: $(ATELIER) ## Builds where needed, then up, deploy, test
	$(ATELIER) up
	$(ATELIER) deploy
	$(ATELIER) test

check: ## Runs every check and test; CI runs the same
	scripts/check.sh

crash: ## Kills, cuts and confuses deploy and clean at every call, and runs them again
	cargo test --locked --test it -- --nocapture crash::matrix crash::walk crash::together
	cargo test --locked --features failpoints --test it -- --nocapture crash::failpoints

build: ## Builds the static release binary
	scripts/need.sh cargo cc
	ATELIER_COMMIT='$(COMMIT)' cargo build --release --locked --target-dir target \
	  --config 'target.$(HOST).rustflags=[$(REMAP)$(shell scripts/link-args.sh $(HOST))]'
	scripts/assert-static.sh $(RELEASE)

$(RELEASE):
	@scripts/released.sh "$(dir $(RELEASE))" || { \
	  echo "building it: up to 25 minutes and 8 GB of memory on two cores" >&2; \
	  $(MAKE) --no-print-directory build; }

install: build ## Copies the release binary to ~/.local/bin
	install -D -m 755 $(RELEASE) $(HOME)/.local/bin/atelier

bench: build ## Measures what the README claims, side by side with the peers
	benches/run.sh $(RELEASE)

docs: build ## Writes the generated files of docs/ anew and draws docs/picture.svg
	ATELIER_WRITE_DOCS=1 cargo test --locked --test it documents
	scripts/picture.py $(RELEASE)

order: ## Writes link/order.ld anew, which keeps the docker proxy small; needs valgrind
	scripts/link-order.py

fuzz: ## Fuzzes what faces strangers, for a bounded time
	scripts/fuzz.sh

up: $(ATELIER) ## Starts the engine
	$(ATELIER) up

down: $(ATELIER) ## Stops the engine
	$(ATELIER) down

deploy: $(ATELIER) ## Deploys the stack
	$(ATELIER) deploy

test: $(ATELIER) ## Tests the EC2 endpoints
	$(ATELIER) test

bonus: $(ATELIER) ## Starts the docker proxy and a container to drive
	$(ATELIER) bonus

test-bonus: $(ATELIER) ## Tests the Docker endpoints
	$(ATELIER) test-bonus

clean: $(ATELIER) ## Removes everything that atelier made
	$(ATELIER) clean --yes

logs: $(ATELIER) ## Shows the logs
	$(ATELIER) logs

status: $(ATELIER) ## Shows every component
	$(ATELIER) status

doctor: $(ATELIER) ## Tells what is wrong with this machine
	$(ATELIER) doctor
