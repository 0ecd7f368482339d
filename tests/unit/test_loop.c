#include "unit.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/loop.h"

struct counter {
	struct loop *loop;
	struct loop_source source;
	struct counter *other; /* removed by the callback, if any */
	int calls;
};

static void counter_called(struct loop_source *source, uint32_t epoll_events)
{
	struct counter *counter = source->owner;

	assert_true(epoll_events & EPOLLIN);
	counter->calls++;
	if (counter->other)
		loop_remove(counter->loop, &counter->other->source);
}

static void counter_open(struct counter *counter, struct loop *loop, unsigned value)
{
	*counter = (struct counter){.loop = loop};
	counter->source = (struct loop_source){
		.fd = eventfd(value, EFD_CLOEXEC), .callback = counter_called, .owner = counter};
	assert_true(counter->source.fd >= 0);
	assert_int_equal(loop_add(loop, &counter->source, EPOLLIN), 0);
}

static void counter_close(struct counter *counter)
{
	loop_remove(counter->loop, &counter->source);
	counter->source.fd = fd_close(counter->source.fd);
}

static void loop_once_calls_back_the_ready_source(void **state)
{
	struct loop loop;
	struct counter ready, idle;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	counter_open(&ready, &loop, 1);
	counter_open(&idle, &loop, 0);
	assert_int_equal(loop_once(&loop, 0), 0);
	assert_int_equal(ready.calls, 1);
	assert_int_equal(idle.calls, 0);
	counter_close(&ready);
	counter_close(&idle);
	loop_fini(&loop);
	assert_int_equal(loop.epoll_fd, -EBADF);
}

static void loop_once_serves_all_in_turn(void **state)
{
	enum { SOURCES = 8 };
	struct loop loop;
	struct counter counters[SOURCES];

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	for (int i = 0; i < SOURCES; i++)
		counter_open(&counters[i], &loop, 1);
	for (int i = 0; i < 4 * SOURCES; i++)
		assert_int_equal(loop_once(&loop, 0), 0);
	for (int i = 0; i < SOURCES; i++) {
		assert_int_equal(counters[i].calls, 4);
		counter_close(&counters[i]);
	}
	loop_fini(&loop);
}

static void loop_remove_from_a_callback_delivers_nothing_stale(void **state)
{
	struct loop loop;
	struct counter one, two;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	counter_open(&one, &loop, 1);
	counter_open(&two, &loop, 1);
	one.other = &two;
	two.other = &one;
	for (int i = 0; i < 6; i++)
		assert_int_equal(loop_once(&loop, 0), 0);
	assert_int_equal(one.calls + two.calls, 6);
	assert_true(one.calls == 0 || two.calls == 0);
	counter_close(&one);
	counter_close(&two);
	loop_fini(&loop);
}

static void loop_once_until_a_deadline_returns_after_it(void **state)
{
	struct loop loop;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	uint64_t deadline = clock_monotonic_usec() + 3 * USEC_PER_MSEC;
	assert_int_equal(loop_once(&loop, deadline), 0);
	assert_true(clock_monotonic_usec() >= deadline);
	assert_int_equal(loop_once(&loop, 1), 0); /* one long gone does not wait */
	loop_fini(&loop);
}

static void loop_modify_changes_what_is_watched(void **state)
{
	struct loop loop;
	struct counter counter;

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	counter_open(&counter, &loop, 1);
	assert_int_equal(loop_modify(&loop, &counter.source, 0), 0);
	assert_int_equal(loop_once(&loop, 1), 0);
	assert_int_equal(counter.calls, 0);
	assert_int_equal(loop_modify(&loop, &counter.source, EPOLLIN), 0);
	assert_int_equal(loop_once(&loop, 0), 0);
	assert_int_equal(counter.calls, 1);
	counter_close(&counter);
	loop_fini(&loop);
}

static void loop_remove_of_an_unwatched_source_is_harmless(void **state)
{
	struct loop loop;
	struct loop_source source = {.fd = -EBADF};

	(void)state;
	assert_int_equal(loop_init(&loop), 0);
	loop_remove(&loop, &source);
	source.fd = eventfd(0, EFD_CLOEXEC);
	loop_remove(&loop, &source);
	assert_int_equal(loop_modify(&loop, &source, EPOLLIN), -ENOENT);
	source.fd = fd_close(source.fd);
	loop_fini(&loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loop_once_calls_back_the_ready_source),
		cmocka_unit_test(loop_once_serves_all_in_turn),
		cmocka_unit_test(loop_remove_from_a_callback_delivers_nothing_stale),
		cmocka_unit_test(loop_once_until_a_deadline_returns_after_it),
		cmocka_unit_test(loop_modify_changes_what_is_watched),
		cmocka_unit_test(loop_remove_of_an_unwatched_source_is_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
