#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "front/http_proxies.h"
#include "front/rate.h"

enum { SEC = USEC_PER_SEC };

static void rate_take_gives_a_burst_and_then_as_much_as_comes(void **state)
{
	struct rate *rate = rate_new(&(struct rate_config){.per_sec = 2, .burst = 3});
	const uint64_t now = 1000 * UINT64_C(1000000);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(rate_take(rate, "a", NULL, 1, now), 0);
	assert_int_equal(rate_take(rate, "a", NULL, 1, now), 1);
	assert_int_equal(rate_take(rate, "b", NULL, 1, now), 0);
	assert_int_equal(rate_take(rate, "a", NULL, 1, now + SEC / 2 - 1), 1);
	assert_int_equal(rate_take(rate, "a", NULL, 1, now + SEC / 2), 0);
	assert_int_equal(rate_take(rate, "a", NULL, 1, now + SEC / 2), 1);
	/* After any time it is a burst again, not more. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(rate_take(rate, "a", NULL, 1, now + 100 * (uint64_t)SEC), 0);
	assert_int_not_equal(rate_take(rate, "a", NULL, 1, now + 100 * (uint64_t)SEC), 0);
	rate_free(rate);
}

static void rate_take_says_when_to_come_back(void **state)
{
	struct rate *rate = rate_new(&(struct rate_config){.per_sec = 1, .burst = 10});

	(void)state;
	assert_int_equal(rate_take(rate, "a", NULL, 10, SEC), 0);
	assert_int_equal(rate_take(rate, "a", NULL, 7, SEC), 7);
	assert_int_equal(rate_take(rate, "a", NULL, 7, SEC + 7 * (uint64_t)SEC), 0);
	/* What costs more than a bucket holds costs a bucket. */
	assert_int_equal(rate_take(rate, "b", NULL, 1000, SEC), 0);
	assert_int_equal(rate_take(rate, "b", NULL, 1000, SEC), 10);
	assert_int_equal(rate_take(rate, "b", NULL, 0, SEC), 0);
	/* Who has a share of his own has that. */
	assert_int_equal(rate_take(rate, "c", &(struct rate_config){50, 100}, 100, SEC), 0);
	assert_int_equal(rate_take(rate, "c", &(struct rate_config){50, 100}, 50, SEC), 1);
	assert_int_equal(rate_take(rate, "d", &(struct rate_config){0, 1}, 1000, SEC), 0);
	rate_free(rate);
}

static void rate_take_without_a_limit_takes_all(void **state)
{
	struct rate *rate = rate_new(&(struct rate_config){.per_sec = 0, .burst = 1});

	(void)state;
	for (int i = 0; i < 1000; i++)
		assert_int_equal(rate_take(rate, "a", NULL, 50, 1), 0);
	rate_free(rate);
}

/* A flood of addresses does not give the one that was empty its tokens back while it goes on asking
 * and does not keep the others out. */
static void rate_take_many_clients_are_bounded(void **state)
{
	struct rate *rate = rate_new(&(struct rate_config){.per_sec = 1, .burst = 5});
	char client[64];

	(void)state;
	for (unsigned i = 0; i < 5 * RATE_CLIENTS_MAX; i++) {
		snprintf(client, sizeof(client), "10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);
		assert_int_equal(rate_take(rate, client, NULL, 1, SEC), 0);
	}
	rate_free(rate);
}

static void assert_client(const char *list, const char *peer, const char *forwarded,
			  const char *want)
{
	struct http_proxies proxies;
	char address[HTTP_ADDRESS_SIZE];

	assert_int_equal(http_proxies_read(list, &proxies, NULL), 0);
	http_proxies_client(&proxies, peer, forwarded, address);
	assert_string_equal(address, want);
}

static void http_proxies_client_believes_proxies_alone(void **state)
{
	static const char own[] = "127.0.0.1,10.0.0.0/8,2001:db8::/32";

	(void)state;
	assert_client("", "127.0.0.1", "192.0.2.1", "127.0.0.1");
	assert_client(own, "192.0.2.9", "192.0.2.1", "192.0.2.9");
	assert_client(own, "127.0.0.1", NULL, "127.0.0.1");
	assert_client(own, "127.0.0.1", "", "127.0.0.1");
	assert_client(own, "127.0.0.1", "192.0.2.1", "192.0.2.1");
	/* What is before the first stranger is what he said himself. */
	assert_client(own, "127.0.0.1", "198.51.100.7, 192.0.2.1", "192.0.2.1");
	assert_client(own, "127.0.0.1", "198.51.100.7, 192.0.2.1 ,10.1.2.3", "192.0.2.1");
	assert_client(own, "127.0.0.1", "10.9.9.9,10.1.2.3", "10.9.9.9");
	assert_client(own, "2001:db8::1", "2001:dead::5", "2001:dead::5");
	assert_client(own, "127.0.0.1", "[2001:dead::5]:4711", "2001:dead::5");
	assert_client(own, "127.0.0.1", "192.0.2.1:4711", "192.0.2.1");
	assert_client(own, "127.0.0.1", "unknown, 10.1.2.3", "10.1.2.3");
	assert_client(own, "127.0.0.1", "192.0.2.0/24", "127.0.0.1");
	assert_client(own, "127.0.0.1", ",,,", "127.0.0.1");
}

static void http_proxies_read_refuses_what_is_none(void **state)
{
	static const char *const wrong[] = {"x",	  "10.0.0.1/8", "10.0.0.0/33",
					    "::/129",	  "10.0.0.0/",	"10.0.0.0/-1",
					    "1.2.3.4,,5", "1.2.3",	"10.0.0.0/08x"};
	struct http_proxies proxies;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (http_proxies_read(wrong[i], &proxies, NULL) == 0)
			fail_msg("%s", wrong[i]);
	assert_int_equal(http_proxies_read("0.0.0.0/0,::/0", &proxies, NULL), 0);
	assert_true(http_proxies_has(&proxies, "192.0.2.1"));
	assert_int_equal(http_proxies_read("0.0.0.0/0", &proxies, NULL), 0);
	assert_true(http_proxies_has(&proxies, "192.0.2.1"));
	assert_false(http_proxies_has(&proxies, "2001:db8::1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rate_take_gives_a_burst_and_then_as_much_as_comes),
		cmocka_unit_test(rate_take_says_when_to_come_back),
		cmocka_unit_test(rate_take_without_a_limit_takes_all),
		cmocka_unit_test(rate_take_many_clients_are_bounded),
		cmocka_unit_test(http_proxies_client_believes_proxies_alone),
		cmocka_unit_test(http_proxies_read_refuses_what_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
