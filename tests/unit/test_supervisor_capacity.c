/* What a server without root may have, against the slots and limits it is asked for. */
#include "unit.h"

#include "ipc/protocol.h"
#include "supervisor/capacity.h"

enum { SERVER = 1600 }; /* processes kept for the server itself */

static const struct capacity plenty = {
	.processes = UINT64_MAX, .open_files = UINT64_MAX, .cells = 1000, .shared_user = 1};

static struct options options_of(unsigned compile_slots, unsigned run_slots)
{
	return (struct options){
		.compile_slots = compile_slots,
		.run_slots = run_slots,
		.compile_limits = limits_default_compile(),
		.run_limits = limits_default_run(),
		.http = http_limits_default(),
	};
}

static void capacity_fit_plenty_lowers_nothing(void **state)
{
	struct options options = options_of(2, 32);

	(void)state;
	assert_int_equal(capacity_fit(&plenty, &options), 0);
	assert_int_equal(options.compile_slots, 2);
	assert_int_equal(options.run_slots, 32);
	assert_true(options.run_limits.open_files == limits_default_run().open_files);
}

static void capacity_fit_processes_all_cells_leave_the_server_its_own(void **state)
{
	struct capacity capacity = plenty;
	struct options options = options_of(2, 32);
	uint64_t each = limits_default_run().processes + 1;

	(void)state;
	assert_true(limits_default_compile().processes + 1 == each);
	capacity.processes = SERVER + 34 * each;
	assert_int_equal(capacity_fit(&capacity, &options), 0);
	capacity.processes--;
	assert_int_equal(capacity_fit(&capacity, &options), LACK_PROCESSES);
	assert_int_equal(options.compile_slots, 2);
	assert_int_equal(options.run_slots, 31);
	capacity.processes = SERVER + 2 * each;
	assert_int_equal(capacity_fit(&capacity, &options), LACK_PROCESSES);
	assert_int_equal(options.compile_slots, 1);
	assert_int_equal(options.run_slots, 1);
}

static void capacity_fit_next_to_nothing_leaves_one_slot_of_each(void **state)
{
	struct capacity capacity = plenty;
	struct options options = options_of(8, 128);

	(void)state;
	capacity.processes = 10;
	capacity.cells = 0;
	assert_int_equal(capacity_fit(&capacity, &options), LACK_IDS);
	assert_int_equal(options.compile_slots, 1);
	assert_int_equal(options.run_slots, 1);
}

static void capacity_fit_ids_two_for_each_slot(void **state)
{
	struct capacity capacity = plenty;
	struct options options = options_of(2, 32);

	(void)state;
	capacity.cells = 68;
	assert_int_equal(capacity_fit(&capacity, &options), 0);
	capacity.cells = 20;
	assert_int_equal(capacity_fit(&capacity, &options), LACK_IDS);
	assert_int_equal(options.compile_slots, 2);
	assert_int_equal(options.run_slots, 8);
}

static void capacity_fit_early_slots_have_what_is_left(void **state)
{
	struct capacity capacity = plenty;
	struct options options = options_of(2, 32);
	uint64_t each = limits_default_run().processes + 1;

	(void)state;
	capacity_fit(&capacity, &options);
	assert_int_equal(options.early_slots, 4);
	options = options_of(8, 32);
	capacity_fit(&capacity, &options);
	assert_int_equal(options.early_slots, EARLY_SLOTS_MAX);
	options = options_of(2, 32);
	capacity.cells = 68 + 6;
	capacity_fit(&capacity, &options);
	assert_int_equal(options.early_slots, 3);
	capacity.cells = 68;
	capacity_fit(&capacity, &options);
	assert_int_equal(options.early_slots, 0);
	capacity.cells = 1000;
	capacity.processes = SERVER + 34 * each + 4;
	capacity_fit(&capacity, &options);
	assert_int_equal(options.early_slots, 2);
	capacity.processes = SERVER + 34 * each;
	capacity_fit(&capacity, &options);
	assert_int_equal(options.early_slots, 0);
}

static void capacity_fit_open_files_a_quarter_of_a_shared_users(void **state)
{
	struct capacity capacity = plenty;
	struct options options = options_of(1, 1);

	(void)state;
	capacity.open_files = 1024;
	capacity.shared_user = 0;
	assert_int_equal(capacity_fit(&capacity, &options), 0);
	capacity.shared_user = 1;
	options.compile_limits.open_files = 100;
	assert_int_equal(capacity_fit(&capacity, &options), LACK_OPEN_FILES);
	assert_int_equal(options.compile_limits.open_files, 100);
	assert_int_equal(options.run_limits.open_files, 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(capacity_fit_plenty_lowers_nothing),
		cmocka_unit_test(capacity_fit_processes_all_cells_leave_the_server_its_own),
		cmocka_unit_test(capacity_fit_next_to_nothing_leaves_one_slot_of_each),
		cmocka_unit_test(capacity_fit_ids_two_for_each_slot),
		cmocka_unit_test(capacity_fit_early_slots_have_what_is_left),
		cmocka_unit_test(capacity_fit_open_files_a_quarter_of_a_shared_users),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
