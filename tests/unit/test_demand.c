#include "unit.h"

#include "base/clock.h"
#include "base/demand.h"

static const uint64_t start = 1000 * USEC_PER_SEC;

static void demand_target_before_the_first_is_none(void **state)
{
	struct demand demand = {0};

	(void)state;
	assert_int_equal(demand_target(&demand, start), 0);
}

static void demand_target_follows_the_busiest_second(void **state)
{
	struct demand demand = {0};

	(void)state;
	demand_note(&demand, start);
	assert_int_equal(demand_target(&demand, start), 1);
	for (int i = 0; i < 3; i++)
		demand_note(&demand, start + USEC_PER_SEC);
	demand_note(&demand, start + 2 * USEC_PER_SEC);
	assert_int_equal(demand_target(&demand, start + 5 * USEC_PER_SEC), 3);
	assert_int_equal(demand_target(&demand, start + 11 * USEC_PER_SEC), 1);
}

static void demand_target_is_bounded(void **state)
{
	struct demand demand = {0};

	(void)state;
	for (int i = 0; i < 1000; i++)
		demand_note(&demand, start);
	assert_int_equal(demand_target(&demand, start), DEMAND_TARGET_MAX);
}

static void demand_target_when_idle_is_none_and_comes_back(void **state)
{
	struct demand demand = {0};
	uint64_t later = start + DEMAND_IDLE_SEC * USEC_PER_SEC;

	(void)state;
	demand_note(&demand, start);
	assert_int_equal(demand_target(&demand, later - 1), 1);
	assert_int_equal(demand_target(&demand, later), 0);
	demand_note(&demand, later);
	assert_int_equal(demand_target(&demand, later), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(demand_target_before_the_first_is_none),
		cmocka_unit_test(demand_target_follows_the_busiest_second),
		cmocka_unit_test(demand_target_is_bounded),
		cmocka_unit_test(demand_target_when_idle_is_none_and_comes_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
