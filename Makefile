# CalendarBot. `make help` lists what there is; `make run` and `make test` need nothing else first.

SHELL       := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# scripts/setup puts a Go here where the machine's own is too old to fetch one by itself.
export PATH := $(HOME)/.cache/calendarbot/go/bin:$(PATH)

# Asked once: a build that takes a while has one version, whatever is saved meanwhile.
ifndef VERSION
VERSION := $(shell scripts/version)
endif
PORT    ?= 8080
TAGS    := sqlite_omit_load_extension,netgo,osusergo,nethttpomithttp2
LDFLAGS  = -s -w -X main.version=$(VERSION) -linkmode external -extldflags -static
GO      := CGO_ENABLED=1 go
BUILD    = build -trimpath -tags $(TAGS) -ldflags '$(LDFLAGS)'
UPDATER  = CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)'

# Later ones do not build with this Go. It is run from its module and is no part of ours.
GORELEASER := go run github.com/goreleaser/goreleaser/v2@v2.15.1

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: build ## serve a live demo household on 127.0.0.1 (PORT=8080)
	@$(GO) build -o bin/demo ./scripts/demo
	@bin/demo --agent bin/calendarbot --port $(PORT)

.PHONY: build
build: ## build bin/calendarbot for this machine
	@scripts/setup build
	$(GO) $(BUILD) -o bin/calendarbot ./agent

.PHONY: build-arm64
build-arm64: ## build bin/calendarbot-arm64 for the device
	@scripts/setup arm64
	CC=aarch64-linux-gnu-gcc GOOS=linux GOARCH=arm64 $(GO) $(BUILD) -o $(or $(TO),bin/calendarbot-arm64) ./agent

.PHONY: updater
updater: ## build bin/calendarbot-update for this machine
	$(UPDATER) -o bin/calendarbot-update ./agent/updater

.PHONY: updater-arm64
updater-arm64: ## build bin/calendarbot-update-arm64 for the device
	GOOS=linux GOARCH=arm64 $(UPDATER) -o bin/calendarbot-update-arm64 ./agent/updater

.PHONY: hwtest
hwtest: ## build bin/calendarbot-hwtest-arm64, which hwtest/run takes to a board and runs there
	CGO_ENABLED=0 GOOS=linux GOARCH=arm64 go test -c -trimpath -ldflags '-s -w' -o bin/calendarbot-hwtest-arm64 ./hwtest

.PHONY: test
test: build test-arm64 ## run every test of the agent and the scripts
	@scripts/setup test
	$(GO) vet ./...
	$(GO) test -race -timeout 30m ./...
	$(GO) test -tags hang -run '^TestHang$$' ./agent
	@$(MAKE) --no-print-directory test-machine

.PHONY: test-arm64
test-arm64: build-arm64 ## run the device's binary and the core's tests as arm64 code, under qemu-user
	qemu-aarch64-static bin/calendarbot-arm64 --version
	CC=aarch64-linux-gnu-gcc GOARCH=arm64 $(GO) test -short -tags $(TAGS) -ldflags '-linkmode external -extldflags -static' \
		-exec qemu-aarch64-static -timeout 30m ./agent/calendar ./agent/ics ./agent/view

.PHONY: test-deep
test-deep: ## run the whole differential test: CASES=20000 random feeds from SEEDS=1,2,3,4
	@scripts/setup test
	$(GO) test -timeout 6h -v ./agent/differential -differential.cases=$${CASES:-20000} -differential.seeds=$${SEEDS:-1,2,3,4}

.PHONY: fuzz
fuzz: ## fuzz everything that strangers send, FUZZTIME=10m each
	@scripts/fuzz $${FUZZTIME:-10m}

.PHONY: cover
cover: ## print the test coverage of every package, and leave it for "make criteria"
	@go build -o bin/criteria ./scripts/criteria
	$(GO) test -cover ./agent/... | bin/criteria cover

.PHONY: criteria
criteria: ## take in what was measured, and write agent/CRITERIA.md: what the design records ask for, and what became of it
	@go run ./scripts/criteria

.PHONY: bench
bench: build ## measure, as ratios within one run; table, JSON and plot go to dist/bench (ONLY=load,quarter for parts)
	@scripts/setup bench
	@$(GO) build -o bin/bench ./scripts/bench
	@bin/bench --agent bin/calendarbot --out dist/bench --only "$(ONLY)"

.PHONY: bench-compare
bench-compare: build ## hold two builds against each other in one run, OLD=binary; fails when the new one is 5 % slower
	@scripts/setup bench
	@$(GO) build -o bin/bench ./scripts/bench
	@bin/bench compare --old "$(OLD)" --new bin/calendarbot --out dist/bench

.PHONY: soak
soak: build ## run the agent under failures, reloads, clock jumps and pressure for FOR=2h; figures go to dist/soak
	@$(GO) build -o bin/soak ./scripts/soak
	@bin/soak --agent bin/calendarbot --for "$${FOR:-2h}" --out dist/soak

.PHONY: cramped
cramped: build ## squeeze the agent together with a memory hog into a control group of 64 MiB, RUNS=10; needs root
	@$(GO) build -o bin/soak ./scripts/soak
	@bin/soak cramped --agent bin/calendarbot --runs $${RUNS:-10}

.PHONY: test-machine
test-machine: ## try the units on a real systemd, in an emulated machine; RUNS=10 for ten droughts of memory
	@scripts/setup machine
	CALENDARBOT_MACHINE=1 CALENDARBOT_MACHINE_RUNS=$${RUNS:-2} $(GO) test -count=1 -v -timeout 40m ./scripts/machine

.PHONY: test-powercut
test-powercut: ## cut the power before each durable step, and at CUTS=200 random moments on a file system (SEED=n again); needs root
	$(GO) run ./scripts/powercut --cuts "$${CUTS:-200}" --seed "$${SEED:-0}"

.PHONY: release-snapshot
release-snapshot: ## make archives, Debian packages, bills of material and checksums of this commit, in dist/release
	@scripts/setup release
	$(GORELEASER) release --snapshot --clean --parallelism 1 --timeout 2h
	cd dist/release && sha256sum --check --quiet SHA256SUMS && ls -l $$(cut -d ' ' -f 3 SHA256SUMS)

.PHONY: test-release
test-release: release-snapshot ## install, upgrade, remove and purge the packages in a root of their own; needs root
	$(GO) test -count=1 -timeout 15m -v ./scripts/release -release.dir "$(CURDIR)/dist/release"

.PHONY: release-keys
release-keys: ## make keys for trying where there are none: images are baked with their root, updates signed with them
	@go run ./scripts/release keys --if-missing

.PHONY: update-server
update-server: PORT = 8090
# What is not committed has another version each time, as a device takes a version once.
update-server: VERSION := $(patsubst %.dirty,%.dirty.$(shell date +%s),$(VERSION))
update-server: build-arm64 release-keys ## publish this build in dist/update and serve it on 127.0.0.1 (PORT=8090), for trying updates
	@mkdir -p bin && go build -o bin/ ./scripts/release ./scripts/updateserver
	@git log -10 --no-merges --format='- %s' >bin/release-notes.txt
	@bin/release publish --version '$(VERSION)' --agent bin/calendarbot-arm64 --notes bin/release-notes.txt \
		$(addprefix --system ,$(wildcard dist/image/calendarbot-$(VERSION)-pizero2w.raucb))
	@bin/updateserver --listen 127.0.0.1:$(PORT)

.PHONY: bench-update
bench-update: ## measure updates between neighbouring commits, PAIRS=3; table and JSON go to dist/bench
	@scripts/setup arm64
	@go run ./scripts/benchupdate --pairs $${PAIRS:-3}

.PHONY: image
image: ## bake the image for the SD card into dist/image (LOCKED=1: of just the packages in image/packages.lock; UPDATE_URL=where devices look for updates)
	@scripts/setup image
	@VERSION=$(VERSION) UPDATE_URL="$(UPDATE_URL)" image/bake $(if $(LOCKED),--locked)

.PHONY: image-lock
image-lock: ## write down the newest versions of the image's packages in image/packages.lock
	@scripts/setup image
	$(GO) run ./image/packages lock --list image/packages.txt --lock image/packages.lock

.PHONY: run-image
run-image: ## start the newest image in an emulated board, the calendar at http://127.0.0.1:8088 (ARGS=--help)
	@scripts/setup image
	@compgen -G 'dist/image/*.img' >/dev/null || VERSION=$(VERSION) image/bake --quick
	@$(GO) build -o bin/board ./scripts/board/cmd
	@bin/board $(ARGS)

.PHONY: test-image
test-image: ## bake the image where there is none of this version, and try it in emulated boards, BOARDS=2 at once; pulls the plug in three updates
	$(call on-board,CALENDARBOT_CUTS=3,.,100m)

.PHONY: test-update
test-update: ## try every good and bad update, all drills and the whole hardware test on an emulated board, which takes hours
	$(call on-board,CALENDARBOT_UPDATES=all,'^Test(Update|Drill|HardwareTest)',8h)

.PHONY: test-powercut-board
test-powercut-board: ## pull an emulated board's plug at COUNT=25 random points of updates, which goes on where it was left, and during its first boot
	$(call on-board,CALENDARBOT_CUTS=$${COUNT:-25},'PowerCuts',12h)

.PHONY: drill-1
drill-1: ## have an emulated board switch everything optional off by itself, and print how long that took
	$(call on-board,CALENDARBOT_DRILL=1,'^TestDrillLevel1$$',60m)

.PHONY: drill-2
drill-2: ## have requests fail on an emulated board until it goes back to the other config slot, and print how long that took
	$(call on-board,CALENDARBOT_DRILL=2,'^TestDrillLevel2$$',60m)

.PHONY: drill-3
drill-3: ## have the program crash on an emulated board until it goes back to the former one, and print how long that took
	$(call on-board,CALENDARBOT_DRILL=3,'^TestDrillLevel3$$',60m)

# on-board runs tests on the emulated board: with variables, tests by their names, for some time at most. With BOARDS=1 no board slows
# another one: for figures.
define on-board
@scripts/setup image
@VERSION=$(VERSION) image/have
$(1) CALENDARBOT_IMAGE=$(CURDIR)/dist/image/calendarbot-$(VERSION)-pizero2w.img $(GO) test -count=1 -v -timeout $(3) -parallel $${BOARDS:-2} -run $(2) ./scripts/board
endef

.PHONY: test-reproducible
test-reproducible: ## bake twice, and see that both images are the same to the last bit
	@scripts/setup image
	@VERSION=$(VERSION) image/reproduce

.PHONY: record
record: build ## record the household's trace anew with real browsers; takes half an hour
	@scripts/setup test
	@$(GO) build -o bin/bench ./scripts/bench
	@$(GO) build -o bin/demo ./scripts/demo
	@bin/bench record --agent bin/calendarbot --demo bin/demo --out scripts/trace/household.txt

.PHONY: screenshot
screenshot: build ## take the README's pictures of the demo household with a real browser
	@scripts/setup test
	@$(GO) build -o bin/demo ./scripts/demo
	$(GO) run ./scripts/screenshot --agent bin/calendarbot --demo bin/demo /=agent/doc/whats-next.png /agenda=agent/doc/agenda.png '/?theme=eink=agent/doc/paper.png'

.PHONY: generate
generate: ## write the generated tables anew
	$(GO) generate ./...

.PHONY: ci
ci: test test-image ## what has to pass before a change lands

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist
