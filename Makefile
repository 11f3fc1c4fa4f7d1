# Fairlead: a machine with JDK 17, Maven, make, git and apt is enough; `make deps` brings the rest.
SHELL := /bin/bash
MVN ?= mvn -B -Dstyle.color=never
COMMIT := $(shell git rev-parse --short=7 HEAD 2>/dev/null)
MVN += $(if $(COMMIT),-Dbuild.of=+$(COMMIT))
SANDBOX := deploy/sandbox/sandbox
C_FORMATTED = $(wildcard bench/c/*.[ch] soak/src/main/resources/io/fairlead/soak/cluster/*.c node-dataplane/bpf/*.[ch] node-dataplane/bpf/lib/*.[ch] node-dataplane/cni/*.[ch] node-dataplane/cni/test/*.[ch])

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps: ## install the Debian packages that are missing
	@deploy/bin/install-deps

# Modules in parallel, no tests, no gates.
build: deps ## compile and package everything that runs
	@$(MVN) -q -Pfast -T2 package
	@$(MAKE) --no-print-directory bench/target/rr bench/target/hooks bench/target/rtwatch
	@deploy/bin/make-archives

# The tools of the benchmarks.
bench/target/rr: bench/c/rr.c
bench/target/hooks: bench/c/hooks.c
bench/target/rtwatch: bench/c/rtwatch.c
bench/target/rr bench/target/hooks bench/target/rtwatch:
	@mkdir -p bench/target
	@gcc -std=gnu11 -O2 -Wall -Wextra -Werror -Wshadow -o $@.tmp $< && mv $@.tmp $@

test: deps c-format bench/target/rr ## all tests and gates, the sandbox's end to end among them
	@$(MVN) verify

c-format:
	@clang-format-14 --dry-run -Werror $(C_FORMATTED)

sandbox: build ## start a three-node cluster and replay the walk-through
	@deploy/bin/make-archives --all
	@$(SANDBOX) up
	@$(SANDBOX) walk

down: ## remove the sandbox
	@$(SANDBOX) down

bench: build ## datapath, policies, monitor, CNI, routes, peers, scale and limits; tables in bench/results
	@deploy/bin/make-archives --all
	@mkdir -p bench/results
	@set -o pipefail; for run in datapath hooks policy monitor cni routes peers scale limits; do \
	    if [ -x bench/$$run.sh ]; then bench/$$run.sh | tee bench/results/$$run.md || exit 1; fi; done

# Under faults from a seed, an hour or SOAK; SEED= repeats a run's faults. Prints what to repeat it with; ends with 1 when an invariant did not hold.
SOAK ?= 1h
soak: build ## real services over a real etcd cluster under faults: make soak SOAK=10m SEED=7
	@$(MVN) -q -Pfast -pl soak -am compile dependency:build-classpath -Dmdep.outputFile=$(CURDIR)/soak/target/classpath
	@java -cp soak/target/classes:$$(cat soak/target/classpath) io.fairlead.soak.SoakMain \
	    --duration=$(SOAK) --directory=soak/target/run $(if $(SEED),--seed=$(SEED))

format: deps ## format Java and C
	@$(MVN) -q -o spotless:apply || $(MVN) -q spotless:apply
	@clang-format-14 -i $(C_FORMATTED)

clean: ## remove what the build made
	@$(MVN) -q clean

.PHONY: help deps build test c-format sandbox down bench soak format clean
