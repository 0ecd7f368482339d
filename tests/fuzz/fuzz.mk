# The fuzz targets, run from the project's folder by tests/fuzz/run and tests/fuzz/replay:
#
#   make -f tests/fuzz/fuzz.mk FUZZ=gcc     with replay.c, to build/fuzz/gcc
#   make -f tests/fuzz/fuzz.mk FUZZ=clang   with libFuzzer, to build/fuzz/clang
#
# A target NAME is tests/fuzz/fuzz_NAME.c and the modules below; src/base goes into all.

FUZZ ?= gcc
OUT := build/fuzz/$(FUZZ)

front_json := src/front/json_read.c src/front/utf8.c src/front/api_request.c
front_diagnostics := $(wildcard src/front/diagnostics*.c)
front_manifest := $(wildcard src/front/manifest*.c) src/front/template.c $(front_diagnostics)

bake_audits := $(wildcard src/bake/toml*.c) src/bake/semver.c src/bake/vet_audits.c src/bake/vet_chain.c \
	src/bake/json.c src/bake/path.c
bake_files := src/bake/tree.c src/bake/child.c src/image/digest.c src/image/record.c

modules_ipc_decode := src/ipc/protocol.c
modules_bundle_next :=
modules_limits_parse :=
modules_listen := src/supervisor/options.c src/supervisor/options_origin.c
modules_cell_spec :=
modules_cell_unpack :=
modules_cell_carried :=
modules_cell_report := src/ipc/protocol.c src/supervisor/step_done.c
modules_utf8 := src/front/utf8.c
modules_template := src/front/template.c
modules_request := $(front_json) src/front/playground_request.c src/front/playground_request_action.c \
	src/front/playground_message.c
modules_websocket := src/front/http_websocket.c src/front/http_send.c
modules_door := $(front_json) $(patsubst %,src/front/%.c,semver_range piston_decode http_proxies snippet_document sha256)
modules_plan := $(front_json) $(front_manifest) src/front/sha256.c
modules_manifest := $(front_manifest) src/front/utf8.c src/front/sha256.c
modules_diagnostics := $(front_diagnostics) src/front/utf8.c
modules_product := src/front/product.c src/front/asm_filter.c src/front/asm_lines.c
modules_collected := $(patsubst %,src/front/%.c,collected product asm_filter asm_lines utf8)
modules_sse := src/cli/run_sse.c
modules_image_record := src/image/record.c
modules_image_verdict := src/image/record.c src/image/verdict.c
modules_image_key := src/image/record.c src/image/key.c src/image/date.c src/image/digest.c
modules_audits := $(bake_audits)
modules_crate_text := $(bake_audits) src/bake/licence.c src/bake/vet_rust.c src/bake/vet_scan.c $(bake_files)
modules_doctor := $(filter-out src/doctor/main.c,$(wildcard src/doctor/*.c))
modules_export := src/store/archive.c src/store/archive_read.c src/image/digest.c src/image/record.c

libraries_image_key := -lcrypto
libraries_audits := -ljansson
libraries_crate_text := -ljansson -lcrypto
libraries_export := -lzstd -lcrypto
libraries_request := -ljansson
libraries_door := -ljansson -lcrypto
libraries_plan := -ljansson -lcrypto
libraries_diagnostics := -ljansson
libraries_manifest := -ljansson -lcrypto

names := $(patsubst modules_%,%,$(filter modules_%,$(.VARIABLES)))
base := $(wildcard src/base/*.c)

SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS := -std=gnu11 -O1 -g -D_GNU_SOURCE -Isrc -I. -DFUZZ_FOLDER='"tests/fuzz"' $(SANITIZE) -MMD -MP
ifeq ($(FUZZ),clang)
CC := clang
# The warnings are gcc's business: the project is built with it.
CFLAGS += -fsanitize=fuzzer-no-link
LINK := $(SANITIZE) -fsanitize=fuzzer
main :=
else
CC := gcc
CFLAGS += -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
LINK := $(SANITIZE)
main := tests/fuzz/replay.c
endif

object = $(patsubst %.c,$(OUT)/obj/%.o,$(1))

.PHONY: all names
all: $(names:%=$(OUT)/%)

names:
	@echo $(sort $(names))

.SECONDEXPANSION:
$(names:%=$(OUT)/%): $(OUT)/%: $$(call object,tests/fuzz/fuzz_$$*.c $$(modules_$$*) $(base) $(main))
	@$(CC) $(LINK) -o $@ $^ $(libraries_$*)

$(OUT)/obj/%.o: %.c
	@mkdir -p $(@D)
	@$(CC) $(CFLAGS) -c -o $@ $<

-include $(shell find $(OUT)/obj -name '*.d' 2>/dev/null)
