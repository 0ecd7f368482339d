# What `make bench` measures with: a launcher as long-lived as the supervisor, built as the supervisor
# is, and a tree that holds one static program.

bench_dir := $(B)/tests/bench
bench_tree := $(bench_dir)/tree
bench_c := $(wildcard tests/bench/launch_*.c)

$(bench_dir)/launch_bench: $(call obj,$(bench_c) $(launch_c) $(base_c))
	@mkdir -p $(@D)
	$(SAY) LD $@
	$(Q)$(CC) $(LDFLAGS) $(if $(SAN),,$(STATIC)) -o $@ $^

$(call obj,tests/bench/launch_floor.c): $(B)/gen/cell_policy_table.h

$(bench_tree)/bin/probe: $(call cellobj,tests/bench/probe.c)
	@mkdir -p $(addprefix $(bench_tree)/,bin dev proc tmp playground)
	$(SAY) LD $@
	$(Q)$(call static_link,$@,$^)

.PHONY: bench bench-programs
bench-programs: $(bench_dir)/launch_bench $(bench_tree)/bin/probe

bench: image
	@scripts/setup bench
	@$(MAKE) --no-print-directory bench-programs
	@tests/bench/run $(if $(QUICK),--quick)
