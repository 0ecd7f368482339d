# Tests, measurements and static checks. `make test` is what continuous integration runs.
#
# A unit test is tests/unit/test_NAME.c: a cmocka program of its own, linked with src/base, src/ipc and
# what it needs of the folder it tests. The folder is told by its name (bake_*, image_*, store_*, run_*,
# cell_*, supervisor_*, doctor_*; base's and ipc's modules need no more; all others test the front end), or by a line
# "links: FOLDER…" near its top.

unit_dir := $(B)/tests/unit
unit_names := $(sort $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c)))
unit_programs := $(unit_names:%=$(unit_dir)/%)

unit_base := $(patsubst src/base/%.c,test_%,$(base_c)) $(patsubst src/ipc/%.c,test_%,$(ipc_c)) test_clock
unit_said = $(patsubst tests/unit/%.c,%,$(shell grep -lsE '^(//|/?\*| \*).*links:.*\<$(1)\>' tests/unit/test_*.c))
unit_says := $(patsubst tests/unit/%.c,%,$(shell grep -lsE '^(//|/?\*| \*).*links:' tests/unit/test_*.c))
unit_named = $(filter-out $(unit_says),$(filter $(1),$(unit_names)))

unit_bake := $(call unit_said,bake) $(call unit_named,test_bake_%)
unit_image := $(call unit_said,image) $(call unit_named,test_image_%)
unit_store := $(call unit_said,store) $(call unit_named,test_store_%)
unit_run := $(call unit_said,run) $(call unit_named,test_run_%)
unit_cell := $(call unit_said,cell) $(call unit_named,test_cell_%)
unit_supervisor := $(call unit_said,supervisor) $(call unit_named,test_supervisor_%)
unit_doctor := $(call unit_said,doctor) $(call unit_named,test_doctor_%)
unit_front := $(call unit_said,front) $(filter-out $(unit_base) $(unit_bake) $(unit_image) $(unit_store) $(unit_run) \
	$(unit_cell) $(unit_supervisor) $(unit_doctor) $(unit_says),$(unit_names))

# Archives, so that a test links only the modules it calls.
unit_archive = $(unit_dir)/lib$(1).a
no_main = $(filter-out %/main.c %_main.c,$(1))

$(call unit_archive,base): $(call obj,$(ipc_c) $(base_c))
$(call unit_archive,front): $(call obj,$(call no_main,$(front_c)))
$(call unit_archive,bake): $(call obj,$(call no_main,$(bake_c)))
$(call unit_archive,image): $(call obj,$(call no_main,$(image_c) $(verify_c)))
$(call unit_archive,store): $(call obj,$(call no_main,$(store_c)))
$(call unit_archive,run): $(call obj,$(filter-out src/cli/run.c,$(run_c)))
$(call unit_archive,cell): $(call obj,$(call no_main,$(launch_c)))
$(call unit_archive,doctor): $(call obj,$(call no_main,$(doctor_c)))
$(call unit_archive,supervisor): $(call obj,$(call no_main,$(supervisor_c)))
$(unit_dir)/lib%.a:
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

$(unit_front:%=$(unit_dir)/%): $(call unit_archive,front)
$(unit_bake:%=$(unit_dir)/%): $(call unit_archive,bake) $(call unit_archive,image)
$(unit_image:%=$(unit_dir)/%): $(call unit_archive,image)
$(unit_store:%=$(unit_dir)/%): $(call unit_archive,store) $(call unit_archive,bake) $(call unit_archive,image)
$(unit_run:%=$(unit_dir)/%): $(call unit_archive,run)
$(unit_supervisor:%=$(unit_dir)/%): $(call unit_archive,supervisor) $(call unit_archive,cell) $(call unit_archive,image)
$(unit_cell:%=$(unit_dir)/%): $(call unit_archive,cell)
$(unit_doctor:%=$(unit_dir)/%): $(call unit_archive,doctor)

$(unit_front:%=$(unit_dir)/%): LDLIBS := -lcivetweb -ljansson -lsqlite3 -lseccomp -lcrypto -lz -lpthread
$(unit_image:%=$(unit_dir)/%): LDLIBS := -lcrypto
$(unit_bake:%=$(unit_dir)/%): LDLIBS := -larchive -ljansson -lcrypto -lseccomp
$(unit_store:%=$(unit_dir)/%): LDLIBS := -lzstd -larchive -ljansson -lcrypto -lseccomp
$(unit_run:%=$(unit_dir)/%): LDLIBS := -lcurl -ljansson

$(unit_programs): $(unit_dir)/test_%: $(B)/obj/tests/unit/test_%.o $(call unit_archive,base)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -Wl,--as-needed -o $@ $(filter %.o,$^) -Wl,--start-group $(filter %.a,$^) \
		-Wl,--end-group $(LDLIBS) -lcmocka

# It runs the program.
$(unit_dir)/test_image_helper: | $(EXE)/sandlot-verify

$(unit_programs:$(unit_dir)/%=$(B)/obj/tests/unit/%.o): CPPFLAGS += -Itests/unit

# The escape suite's: an attack each and what flows need, static, for there is no loader in a cell. Some are
# launchers of cells themselves: the archive gives them what they call.
escape_c := $(wildcard tests/escape/*.c)
escape_dir := $(B)/tests/escape
escape_programs := $(escape_c:tests/escape/%.c=$(escape_dir)/%)
escape_launch := $(B)/tests/libescape.a

$(call cellobj,$(escape_c)): CELL_CFLAGS := -std=gnu11 -O1 -Wall -Wextra -Werror -fPIE -MMD -MP
$(call cellobj,tests/escape/only-seccomp.c): $(B)/gen/cell_policy_table.h

$(escape_launch): $(call cellobj,$(launch_c) $(base_c))
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(escape_programs): $(escape_dir)/%: $(B)/obj/cell/tests/escape/%.o $(escape_launch)
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(call static_link,$@,$^)

.PHONY: test-setup test-unit test-filter test-escape test-system test-browser test-unit-programs \
	test-escape-programs test-parts

test-unit-programs: $(unit_programs)

test-escape-programs: $(escape_programs)
	@:

test-setup:
	@scripts/setup test

# What every suite needs. A recursive make, so that programs are not linked while packages come.
test-parts: test-setup image
	@scripts/setup vm
	@$(MAKE) --no-print-directory test-unit-programs test-escape-programs
	@$(MAKE) --no-print-directory SAN=1 programs test-unit-programs

suites := static unit fuzz filter escape escape-range escape-user vm unit-asan system-asan system browser web-root

test: test-parts
	@tests/run $(suites)

test-full: test-parts
	@tests/run --full $(suites) reproduce lighthouse

test-unit: build test-setup
	@$(MAKE) --no-print-directory test-unit-programs
	@tests/run unit

test-filter test-escape test-system test-browser: test-setup image
	@$(if $(filter %-escape,$@),$(MAKE) --no-print-directory test-escape-programs)
	@tests/run $(@:test-%=%)

# Looks for new inputs; `make test` replays those that are known.
fuzz: build
	@scripts/setup-fuzz
	@tests/fuzz/run

include tests/bench/bench.mk

# ---- static checks ----
check_c := $(wildcard src/*/*.c sandbox/*.c tests/unit/*.c)
check_h := $(wildcard src/*/*.h sandbox/*.h tests/unit/*.h)

check: build
	@scripts/setup check
	@scripts/check

format:
	clang-format -i $(check_c) $(check_h)
