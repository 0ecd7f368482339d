# Sandlot: build, run and test. `make help` lists what there is to make.
#
# Programs go to $(B)/bin and $(B)/libexec/sandlot; everything made stays below $(B).
# `make SAN=1 …` builds the same below build/asan with AddressSanitizer and UBSan.

SAN ?=
B := $(if $(SAN),build/asan,build)
CC ?= gcc
PKG := pkg-config

CPPFLAGS := -D_GNU_SOURCE -Isrc -I. -I$(B)/gen
WARN := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wvla -Wformat=2 -Werror
HARDEN := -fstack-protector-strong -fstack-clash-protection -fcf-protection -ftrivial-auto-var-init=zero
CFLAGS := -std=gnu11 -O2 -g $(WARN) $(HARDEN) -fPIE -MMD -MP
LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack
STATIC := -static-pie
ifeq ($(SAN),)
CPPFLAGS += -D_FORTIFY_SOURCE=2
else
CFLAGS += -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS += -fsanitize=address,undefined
endif
# What runs inside a cell is static in every build (there is no loader there), so no ASan for it.
CELL_CFLAGS := $(filter-out -fsanitize=%,$(CFLAGS)) $(if $(SAN),-fsanitize=undefined -fsanitize-undefined-trap-on-error)

# Static programs are built with musl where it is there: they start in half the time of glibc's, whose
# start-up asks the processor for its caches (cpuid, which traps under a hypervisor), and launching a cell
# starts two of them. The kernel's headers come from the system. musl-gcc knows no -static-pie, so its
# start files are named here.
MULTIARCH := $(shell $(CC) -print-multiarch)
MUSL_LIB := $(wildcard /usr/lib/$(subst gnu,musl,$(MULTIARCH)))
ifeq ($(MUSL_LIB),)
STATIC_CC := $(CC)
static_link = $(CC) $(filter-out -fsanitize=%,$(LDFLAGS)) -static-pie -o $(1) $(2)
else
STATIC_CC := musl-gcc -idirafter $(B)/gen/kernel
static_link = $(CC) $(filter-out -fsanitize=%,$(LDFLAGS)) -static-pie -nostdlib -nostartfiles -o $(1) \
	$(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o $(2) -L$(MUSL_LIB) -lc -lgcc -lgcc_eh -lc $(MUSL_LIB)/crtn.o
endif

# `make V=1 …` shows the commands.
Q := $(if $(V),,@)
SAY = $(if $(V),@:,@printf '  %-8s %s\n')

BIN := $(B)/bin
EXE := $(B)/libexec/sandlot

base_c := $(wildcard src/base/*.c)
ipc_c := $(wildcard src/ipc/*.c)
launch_c := $(filter-out sandbox/cell_%.c sandbox/cli_%.c sandbox/policy_compile.c,$(wildcard sandbox/*.c))
cell_c := $(wildcard sandbox/cell_*.c)
cell_cli_c := $(wildcard sandbox/cli_*.c)
supervisor_c := $(wildcard src/supervisor/*.c)
front_c := $(filter-out %_main.c,$(wildcard src/front/*.c))
# What a tool needs of it, which links neither HTTP nor the jail.
snippets_c := $(patsubst %,src/front/%.c,api_request json_read migrate sha256 snippet_document snippets snippets_lines\
	snippets_main snippets_rows utf8)
image_c := $(filter-out %_main.c src/image/verify_%.c,$(wildcard src/image/*.c))
verify_c := $(wildcard src/image/verify_*.c)
# What of src/image needs libc only, for the process that has privileges.
trust_c := $(patsubst %,src/image/%.c,key_folder record stamps verdict)
bake_c := $(wildcard src/bake/*.c)
store_c := $(wildcard src/store/*.c)
run_c := $(wildcard src/cli/run*.c)
doctor_c := $(wildcard src/doctor/*.c)

obj = $(patsubst %.c,$(B)/obj/%.o,$(1))
cellobj = $(patsubst %.c,$(B)/obj/cell/%.o,$(1))

programs := $(BIN)/sandlot \
	$(EXE)/sandlot-bake \
	$(EXE)/sandlot-cell \
	$(EXE)/sandlot-doctor \
	$(EXE)/sandlot-front \
	$(EXE)/sandlot-image \
	$(EXE)/sandlot-key \
	$(EXE)/sandlot-run \
	$(EXE)/sandlot-snippets \
	$(EXE)/sandlot-supervisor \
	$(EXE)/sandlot-verify

.PHONY: help build programs image reproduce man run test test-full check bench format clean setup web install
.DEFAULT_GOAL := help

help:
	@echo 'make run        set up, build, bake the default image, start on http://127.0.0.1:8080'
	@echo 'make test       set up, build and run every test (make test-full: the long ones too)'
	@echo 'make build      build/bin/sandlot alone          make image   build/image alone'
	@echo 'make reproduce  bake a small image twice and compare    make man     build/man'
	@echo 'make bench      measure against peers            make check   static checks'
	@echo 'make install    to $$DESTDIR$$PREFIX (/usr/local)   make clean'

# ---- set-up: what is needed on a bare machine; scripts/setup is quick when all is there ----
setup:
	@scripts/setup build

build: setup
	@$(MAKE) --no-print-directory programs

programs: $(programs)
	@:

$(BIN)/sandlot: $(call cellobj,src/cli/sandlot.c $(cell_cli_c) $(launch_c) $(base_c))
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(call static_link,$@,$^)

$(EXE)/sandlot-cell: $(call cellobj,$(cell_c) $(base_c))
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(call static_link,$@,$^)

$(EXE)/sandlot-supervisor: $(call obj,$(supervisor_c) $(trust_c) $(launch_c) $(ipc_c) $(base_c))
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) $(if $(SAN),,$(STATIC)) -o $@ $^

$(EXE)/sandlot-front: $(call obj,$(front_c) $(ipc_c) $(base_c)) $(B)/gen/web_assets.o
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcivetweb -ljansson -lsqlite3 -lseccomp -lcrypto -lz -lpthread

$(EXE)/sandlot-snippets: $(call obj,$(snippets_c) $(base_c))
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -ljansson -lsqlite3 -lcrypto -lpthread

$(EXE)/sandlot-bake: $(call obj,$(bake_c) $(image_c) $(base_c))
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -larchive -ljansson -lcrypto -lseccomp

$(EXE)/sandlot-key: $(call obj,src/image/key_main.c $(image_c) $(base_c))
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcrypto

$(EXE)/sandlot-verify: $(call obj,$(verify_c) $(image_c) $(base_c))
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcrypto

# The store of images stands on some of the baker's modules: an archive, so that it gets those alone.
$(B)/obj/bake.a: $(call obj,$(filter-out src/bake/main.c,$(bake_c)))
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(EXE)/sandlot-image: $(call obj,$(store_c) $(image_c) $(base_c)) $(B)/obj/bake.a
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) -Wl,--as-needed -o $@ $^ -lzstd -larchive -ljansson -lcrypto -lseccomp

$(EXE)/sandlot-run: $(call obj,$(run_c) $(base_c))
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ -lcurl -ljansson

# Static: it runs itself in a cell.
$(EXE)/sandlot-doctor: $(call cellobj,$(doctor_c) $(base_c))
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(call static_link,$@,$^)

# It embeds the document.
$(B)/obj/src/front/api_catalogue.o: docs/openapi.json

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(B)/obj/cell/%.o: %.c | $(B)/gen/kernel
	@mkdir -p $(@D)
	$(SAY) CC $<
	$(Q)$(STATIC_CC) $(CPPFLAGS) $(CELL_CFLAGS) -c -o $@ $<

$(B)/gen/kernel:
	@mkdir -p $@
	@ln -sfn /usr/include/linux /usr/include/asm-generic /usr/include/$(MULTIARCH)/asm $@/

# ---- seccomp policies: data in sandbox/policy, compiled here, embedded in sandlot-cell ----
policies := $(wildcard sandbox/policy/*.policy)

$(B)/gen/policy_compile: sandbox/policy_compile.c
	@mkdir -p $(@D)
	$(SAY) CC $@
	$(Q)$(CC) $(CPPFLAGS) $(filter-out -MMD -MP,$(CFLAGS)) $(LDFLAGS) -o $@ $< -lseccomp

$(B)/gen/cell_policy_table.h: $(B)/gen/policy_compile $(policies)
	$(SAY) POLICY $@
	$(Q)$(B)/gen/policy_compile $(policies) > $@.tmp && mv $@.tmp $@

$(call cellobj,$(cell_c)): $(B)/gen/cell_policy_table.h

# ---- the page: bundled by esbuild, embedded in sandlot-front ----
web_src := $(shell find web/src web/public web/*.mjs web/package*.json web/tsconfig.json 2>/dev/null)
build/web/.made: $(web_src)
	$(SAY) PAGE $(@D)
	$(Q)scripts/web-build build/web
	@touch $@

$(B)/gen/web_assets.S: build/web/.made scripts/web-embed
	@mkdir -p $(@D)
	$(Q)scripts/web-embed build/web > $@.tmp && mv $@.tmp $@

$(B)/gen/web_assets.o: $(B)/gen/web_assets.S
	$(Q)$(CC) -c -o $@ $<

web: build/web/.made

# ---- the default image ----
image: build
	@scripts/setup image
	@$(BIN)/sandlot bake --output build/image images/default

# A small image baked twice, from nothing, in other ways: the same bytes come out.
reproduce: build
	@scripts/setup image
	@scripts/reproduce

run: image
	@exec $(BIN)/sandlot serve

# ---- manual pages, from each command's --help ----
man: programs
	$(SAY) MAN $(B)/man
	$(Q)scripts/man $(BIN)/sandlot $(B)/man

PREFIX ?= /usr/local
install: programs man
	install -d $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(B)/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/sandlot
	install -m 755 $(BIN)/sandlot $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(filter $(EXE)/%,$(programs)) $(DESTDIR)$(PREFIX)/libexec/sandlot/

clean:
	rm -rf build

-include tests/tests.mk

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
