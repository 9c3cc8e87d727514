# The human door: each target is a few lines over cmake. `make help` lists them.
BUILD ?= build
PREFIX ?= /usr/local
DESTDIR ?=
JOBS ?= $(shell nproc)
CMAKE_FLAGS ?=
# The stages of a test run that ctest should leave out or take: make test CTEST_FLAGS='-L unit'
CTEST_FLAGS ?=
SOURCES = $(shell git ls-files '*.cc' '*.h' 2>/dev/null || find lib tools tests -name '*.cc' -o -name '*.h')

export XLIMIT_LAUNCHER = $(shell command -v ccache 2>/dev/null)
export CCACHE_BASEDIR = $(CURDIR)
export CCACHE_NOHASHDIR = 1

# $(1): a preset of CMakePresets.json, $(2): the build folder
configure = cmake --preset $(1) -B $(2) -DCMAKE_INSTALL_PREFIX=$(PREFIX) $(CMAKE_FLAGS) >/dev/null
compile = cmake --build $(1) -j $(JOBS)
# Built under sudo, the tree still belongs to whoever owns the checkout.
hand_back = if [ "$$(id -u)" = 0 ]; then chown -R --reference=Makefile $(1); fi
run_tests = ctest --test-dir $(1) --output-on-failure --no-tests=error $(CTEST_FLAGS)

.PHONY: all help deps build completions demo test bench asan tsan fuzz tidy format format-check install uninstall clean

all: build

help:
	@echo "make             build every program into $(BUILD)/bin"
	@echo "sudo make demo   a real v2ray server and real clients in network namespaces, and what xlimit does there"
	@echo "sudo make test   install what is needed, build, run every test"
	@echo "sudo make bench  latencies and speeds, each beside what it is compared with"
	@echo "sudo make install | uninstall     PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)"
	@echo "make asan tsan fuzz tidy format format-check clean     for developers, see CONTRIBUTING.md"

deps:
	@tests/deps build

build: deps
	@$(call configure,dev,$(BUILD))
	@$(call compile,$(BUILD))
	@$(call hand_back,$(BUILD))

demo:
	@tests/deps demo
	@$(call configure,dev,$(BUILD))
	@$(call compile,$(BUILD)) --target demo
	@$(call hand_back,$(BUILD))
	@XLIMIT_BUILD=$(abspath $(BUILD)) tests/bed/demo

test:
	@tests/deps test
	@$(call configure,dev,$(BUILD))
	@$(call compile,$(BUILD))
	@$(call hand_back,$(BUILD))
	@$(call run_tests,$(BUILD))

bench:
	@tests/deps test
	@$(call configure,dev,$(BUILD))
	@$(call compile,$(BUILD))
	@$(call hand_back,$(BUILD))
	@XLIMIT_BUILD=$(abspath $(BUILD)) tests/bench/run

# The whole suite once more, in builds that watch memory and threads.
asan:
	@tests/deps test
	@$(call configure,asan,$(BUILD)-asan)
	@$(call compile,$(BUILD)-asan)
	@$(call hand_back,$(BUILD)-asan)
	@$(call run_tests,$(BUILD)-asan)

tsan:
	@tests/deps test
	@$(call configure,tsan,$(BUILD)-tsan)
	@$(call compile,$(BUILD)-tsan)
	@$(call hand_back,$(BUILD)-tsan)
	@$(call run_tests,$(BUILD)-tsan)

FUZZ_SECONDS ?= 60
# Every fuzz target for FUZZ_SECONDS on libFuzzer; what it finds interesting stays in the build folder.
fuzz:
	@tests/deps fuzz
	@$(call configure,fuzz,$(BUILD)-fuzz)
	@$(call compile,$(BUILD)-fuzz) --target fuzzers
	@tests/fuzz/run $(BUILD)-fuzz $(FUZZ_SECONDS)

tidy:
	@tests/deps tidy
	@$(call configure,dev,$(BUILD))
	@clang-tidy-14 --quiet -p $(BUILD) $(filter lib/%.cc tools/%.cc,$(SOURCES))

format:
	@clang-format-14 -i $(SOURCES)

format-check:
	@clang-format-14 --dry-run --Werror $(SOURCES)

# From the programs' own help.
completions: build
	@completions/generate $(BUILD)/bin completions

install: build
	@DESTDIR=$(DESTDIR) cmake --install $(BUILD)
	@$(call hand_back,$(BUILD))

uninstall:
	@DESTDIR=$(DESTDIR) cmake -DMANIFEST=$(abspath $(BUILD))/install_manifest.txt -P cmake/uninstall.cmake

clean:
	rm -rf $(BUILD) $(BUILD)-asan $(BUILD)-tsan $(BUILD)-fuzz
