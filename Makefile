# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The trice authors

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
TRICE := $(CURDIR)/.build/release/trice
IMAGES := $(CURDIR)/.build/images

# docker$(DOT)io is Debian's package of docker, and would else read as the name of a registry.
DOT := .
# What the build links, what trice uses when it runs, and what examples and tests call.
PACKAGES := libyaml-dev libcap-dev libseccomp-dev libarchive-dev libacl1-dev zlib1g-dev libzstd-dev libnftables1 libnftables-dev nftables \
	busybox-static iproute2 python3 curl ca-certificates pkg-config gcc libc6-dev util-linux buildah git \
	docker-registry docker$(DOT)io iptables skopeo openssl apache2-utils e2fsprogs qemu-system-x86 cpio kmod apparmor bind9-dnsutils zsh fish tmux musl-tools tcpdump uidmap slirp4netns

.DEFAULT_GOAL := help
.PHONY: help setup build images demo test test-vm fuzz bench bench-compare fmt lint install install-docker-compose clean

help: ## Show this help
	@echo "make TARGET, on Debian 12 with Swift 6.3; demo, test and bench as root:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-22s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Install the Debian packages that are missing
	@command -v $(SWIFT) >/dev/null || { echo "Swift 6.3 is wanted: https://www.swift.org/install" >&2; exit 1; }
	@missing=; for package in $(PACKAGES); do \
		dpkg-query -W -f '$${Status}' $$package 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
		echo "Installing$$missing"; \
		export DEBIAN_FRONTEND=noninteractive; \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi

build: setup ## Build the release binaries, .build/release/trice and trice-registry
	@echo "Building (a first build takes some minutes)"
	$(SWIFT) build -c release --static-swift-stdlib --product trice
	$(SWIFT) build -c release --static-swift-stdlib --product trice-registry

images: setup ## Make the examples' images from Debian packages
	examples/images/build $(IMAGES)

demo: build ## Bring the webshop of examples/ up, kill parts of it, take it down
	TRICE=$(TRICE) IMAGES=$(IMAGES) examples/demo

test: build images ## Run all tests, on the real kernel and on Debian's own
	TRICE_BINARY=$(TRICE) TRICE_IMAGES=$(IMAGES) Tests/run
	TRICE_BINARY=$(TRICE) TRICE_IMAGES=$(IMAGES) Tests/vm
	TRICE_BINARY=$(TRICE) Tests/behaviour

test-vm: build images ## Run the tests of what differs with the kernel (SUITES) in a virtual machine with Debian's
	$(SWIFT) build --product tricePackageTests
	TRICE_BINARY=$(TRICE) TRICE_IMAGES=$(IMAGES) Tests/vm $(SUITES)

fuzz: setup ## Fuzz what reads Compose files, FUZZ_SECONDS (60) a target
	Tests/fuzz

bench: build images ## Measure speed and growth beside the kernel's floor and docker, and keep the figures
	@command -v rsvg-convert >/dev/null && command -v iperf3 >/dev/null || \
		{ apt-get update -qq && apt-get install -y -qq --no-install-recommends librsvg2-bin iperf3 >/dev/null; }
	TRICE=$(TRICE) IMAGES=$(IMAGES) Benchmarks/run --history
	TRICE=$(TRICE) IMAGES=$(IMAGES) Benchmarks/growth --json Benchmarks/growth.json --plot Benchmarks/growth
	TRICE=$(TRICE) Benchmarks/pull
	missed=; for bench in "micro --history" "commands --history" supervision "dns --history" "throughput --history" network isolation; do \
		SWIFT=$(SWIFT) TRICE=$(TRICE) IMAGES=$(IMAGES) Benchmarks/$$bench || missed="$$missed $${bench%% *}"; \
	done; [ -z "$$missed" ] || { echo "Missed a bound:$$missed"; exit 1; }

bench-compare: ## Show what has changed between the last two measurements
	Benchmarks/compare

fmt: ## Format the sources
	$(SWIFT) format --in-place --parallel --recursive Sources Tests

lint: ## Check the sources' format
	$(SWIFT) format lint --strict --parallel --recursive Sources Tests

install: ## Install below PREFIX (default: /usr/local)
	@[ -x $(TRICE) ] || { echo "$(TRICE) is not there: make build" >&2; exit 1; }
	install -D -m 755 -s $(TRICE) $(DESTDIR)$(PREFIX)/bin/trice
	install -D -m 755 -s $(dir $(TRICE))trice-registry $(DESTDIR)$(PREFIX)/libexec/trice/trice-registry
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/zsh/site-functions \
		$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
	$(TRICE) completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/trice
	$(TRICE) completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_trice
	$(TRICE) completion fish >$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/trice.fish
	install -d $(DESTDIR)$(PREFIX)/lib/systemd/system
	sed 's|@BINDIR@|$(PREFIX)/bin|' Packaging/trice-boot.service >$(DESTDIR)$(PREFIX)/lib/systemd/system/trice-boot.service
	$(TRICE) manual $(DESTDIR)$(PREFIX)/share/man/man1

install-docker-compose: install ## Also answer to docker-compose, and to docker compose as docker's plugin
	ln -sf trice $(DESTDIR)$(PREFIX)/bin/docker-compose
	install -d $(DESTDIR)$(PREFIX)/lib/docker/cli-plugins
	ln -sf ../../../bin/trice $(DESTDIR)$(PREFIX)/lib/docker/cli-plugins/docker-compose

clean: ## Remove what was built
	rm -rf .build .build-fuzz
