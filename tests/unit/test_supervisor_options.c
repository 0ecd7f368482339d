/* `sandlot serve`'s command line: what is taken, what is refused and how it says so. */
#include "unit.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "supervisor/options.h"

static int parse(struct options *options, struct error *err, const char *const *words)
{
	char *argv[16] = {(char[]){"sandlot serve"}};
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	optind = 0; /* getopt_long(3): starts anew */
	return options_parse(options, argc, argv, err);
}

#define PARSE(options, err, ...) parse(options, err, (const char *const[]){__VA_ARGS__, NULL})

static void options_parse_nothing_gives_loopback_and_defaults(void **state)
{
	struct options options;
	struct error err = {0};

	(void)state;
	assert_int_equal(parse(&options, &err, (const char *const[]){NULL}), OPTIONS_SERVE);
	assert_string_equal(options.listen_address, "127.0.0.1");
	assert_int_equal(options.listen_port, 8080);
	assert_null(options.image_dir);
	assert_true(options.compile_slots >= 1);
	assert_true(options.run_slots >= options.compile_slots);
}

static void options_add_origin_takes_what_browsers_send_only(void **state)
{
	static const char *const bad[] = {
		"",
		"book.example",
		"ftp://book.example",
		"https://",
		"https://book.example/",
		"https://Book.example",
		"https://book.example; script-src *",
		"https://book.example https://two.example",
		"https://book.example\r\nX: y",
		"null",
	};
	struct error err = {0};
	char list[256] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(options_add_origin(bad[i], list, &err), -EINVAL);
		assert_non_null(strstr(err.text, "--allow-origin"));
		assert_string_equal(list, "");
	}
	assert_int_equal(options_add_origin("https://book.example", list, &err), 0);
	assert_int_equal(options_add_origin("http://127.0.0.1:3000", list, &err), 0);
	assert_string_equal(list, "https://book.example http://127.0.0.1:3000");
	for (int i = 0; i < 9; i++)
		options_add_origin("https://a-site-of-some-length.example", list, &err);
	assert_true(strlen(list) < sizeof(list));
	assert_int_equal(options_add_origin("https://one-more-of-that-length.example", list, &err),
			 -EINVAL);
	assert_int_equal(options_add_origin("*", list, &err), 0);
	assert_int_equal(options_add_origin("https://book.example", list, &err), 0);
	assert_string_equal(list, "*");
}

static void options_parse_listen_takes_numeric_addresses_only(void **state)
{
	static const struct {
		const char *text, *address;
		unsigned port;
	} good[] = {
		{"0.0.0.0:0", "0.0.0.0", 0},
		{"127.0.0.2:65535", "127.0.0.2", 65535},
		{"[::1]:8080", "::1", 8080},
	};
	static const char *const bad[] = {
		"",
		"8080",
		":8080",
		"localhost:80",
		"127.0.0.1",
		"127.0.0.1:",
		"1.2.3.4:x",
		"1.2.3.4:-1",
		"1.2.3.4:+1",
		"1.2.3.4:65536",
		"::1:80",
		"[::1]80",
		"[::1:80",
		"1.2.3:80",
		"1.2.3.4: 1",
		"[127.0.0.1]:8080",
		"1.2.3.4:1e1",
		"[]:1",
	};
	char address[64];
	unsigned port;
	struct error err;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(options_parse_listen(good[i].text, address, &port, &err), 0);
		assert_string_equal(address, good[i].address);
		assert_int_equal(port, good[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(options_parse_listen(bad[i], address, &port, &err), -EINVAL);
		assert_non_null(strstr(err.text, "--listen"));
	}
}

static void options_parse_wrong_value_names_option_and_range(void **state)
{
	struct options options;
	struct error err;

	(void)state;
	assert_int_equal(PARSE(&options, &err, "--rate", "0", "--burst", "7", "--proxy",
			       "127.0.0.1", "--proxy", "10.0.0.0/8"),
			 OPTIONS_SERVE);
	assert_int_equal(options.rate_per_sec, 0);
	assert_int_equal(options.rate_burst, 7);
	assert_string_equal(options.proxies, "127.0.0.1,10.0.0.0/8");
	assert_int_equal(PARSE(&options, &err, "--burst", "0"), -EINVAL);
	assert_non_null(strstr(err.text, "from 1 to"));
	assert_int_equal(PARSE(&options, &err, "--proxy", "localhost"), -EINVAL);
	assert_non_null(strstr(err.text, "--proxy"));
	assert_int_equal(PARSE(&options, &err, "--run-slots", "0"), -EINVAL);
	assert_non_null(strstr(err.text, "--run-slots"));
	assert_non_null(strstr(err.text, "1 to 4096"));
	assert_int_equal(PARSE(&options, &err, "--compile-slots", "99999999999999999999"), -EINVAL);
	assert_int_equal(PARSE(&options, &err, "--run-limit", "memroy=1M"), -EINVAL);
	assert_non_null(strstr(err.text, "memroy"));
	assert_non_null(strstr(err.text, "memory"));
	assert_int_equal(PARSE(&options, &err, "--run-limit", "memory=0"), -ERANGE);
	assert_int_equal(PARSE(&options, &err, "--interactive-wall", "soon"), -EINVAL);
}

static void options_parse_http_limits_are_taken_within_their_bounds(void **state)
{
	struct options options;
	struct error err;

	(void)state;
	assert_int_equal(PARSE(&options, &err, "--head-limit", "8K", "--request-time", "1500ms",
			       "--connections", "64"),
			 OPTIONS_SERVE);
	assert_int_equal(options.http.head_bytes, 8192);
	assert_int_equal(options.http.request_usec, 1500000);
	assert_int_equal(options.http.body_bytes, 2 << 20);
	assert_int_equal(options.http.connections, 64);
	assert_int_equal(options.http.client_connections, 64); /* not more than there are */
	assert_int_equal(PARSE(&options, &err, "--body-limit", "1K"), -ERANGE);
	assert_non_null(strstr(err.text, "--body-limit=1K"));
	assert_non_null(strstr(err.text, "65536 to 67108864 bytes"));
	assert_int_equal(PARSE(&options, &err, "--idle-time", "soon"), -EINVAL);
	assert_non_null(strstr(err.text, "--idle-time is a time"));
}

/* What the front end takes of numbers. */
static const struct {
	const char *name;
	uint64_t least, most;
} numbers[] = {
#define MESSAGE(...)
#define F_U64(message, field, least, most, help) {#message "." #field, least, most},
#define F_U32(message, field, least, most, help)
#define F_TEXT(...)
#define F_LIMITS(...)
#define END(...)
#include "ipc/protocol.def"
};

static void http_limits_bounds_are_those_of_the_protocol(void **state)
{
	static const char *const names[] = {
#define X(field, option, unit, least, most, standard, help) "welcome.http_" #field,
		HTTP_LIMITS(X)
#undef X
	};

	(void)state;
	for (enum http_limit i = 0; i < HTTP_LIMIT_COUNT; i++) {
		size_t at = 0;
		while (strcmp(numbers[at].name, names[i]) != 0)
			assert_true(++at < sizeof(numbers) / sizeof(numbers[0]));
		assert_true(numbers[at].least == http_limit_row(i)->least);
		assert_true(numbers[at].most == http_limit_row(i)->most);
	}
}

static void http_limit_format_says_it_as_people_do(void **state)
{
	static const struct {
		enum http_limit limit;
		uint64_t value;
		const char *text;
	} rows[] = {
		{HTTP_LIMIT_connections, 512, "512"},
		{HTTP_LIMIT_head_bytes, 16384, "16 KiB"},
		{HTTP_LIMIT_body_bytes, 2 << 20, "2 MiB"},
		{HTTP_LIMIT_body_bytes, 100000, "100000 bytes"},
		{HTTP_LIMIT_idle_usec, 30000000, "30 s"},
		{HTTP_LIMIT_request_usec, 1500000, "1500 ms"},
	};
	char text[HTTP_LIMIT_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		http_limit_format(rows[i].limit, rows[i].value, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void options_parse_unknown_option_or_argument_is_named(void **state)
{
	struct options options;
	struct error err;

	(void)state;
	assert_int_equal(PARSE(&options, &err, "--prot", "1"), -EINVAL);
	assert_non_null(strstr(err.text, "--prot"));
	assert_int_equal(PARSE(&options, &err, "stray"), -EINVAL);
	assert_non_null(strstr(err.text, "stray"));
	assert_int_equal(PARSE(&options, &err, "--image"), -EINVAL);
	assert_non_null(strstr(err.text, "missing"));
}

static void options_parse_run_wall_above_interactive_raises_it(void **state)
{
	struct options options;
	struct error err;

	(void)state;
	assert_int_equal(PARSE(&options, &err, "--run-limit", "wall=5m"), OPTIONS_SERVE);
	assert_int_equal(options.run_limits.wall_usec, UINT64_C(300000000));
	assert_int_equal(options.interactive_wall_usec, UINT64_C(300000000));
	assert_int_equal(PARSE(&options, &err, "--help"), OPTIONS_HELP);
}

static void options_parse_what_is_trusted_is_off_unless_asked_for(void **state)
{
	struct options options;
	struct error err;

	(void)state;
	assert_int_equal(parse(&options, &err, (const char *const[]){NULL}), OPTIONS_SERVE);
	assert_int_equal(options.allow_unsigned | options.allow_older | options.erofs_loop, 0);
	assert_null(options.keys_dir);
	assert_null(options.stamps_dir);
	assert_int_equal(PARSE(&options, &err, "--allow-older", "--keys", "k", "--stamps", "s"),
			 OPTIONS_SERVE);
	assert_int_equal(options.allow_older, 1);
	assert_int_equal(options.allow_unsigned, 0);
	assert_string_equal(options.keys_dir, "k");
	assert_string_equal(options.stamps_dir, "s");
	assert_int_equal(PARSE(&options, &err, "--allow-unsigned"), OPTIONS_SERVE);
	assert_int_equal(options.allow_unsigned, 1);
	assert_int_equal(options.allow_older, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_parse_nothing_gives_loopback_and_defaults),
		cmocka_unit_test(options_add_origin_takes_what_browsers_send_only),
		cmocka_unit_test(options_parse_listen_takes_numeric_addresses_only),
		cmocka_unit_test(options_parse_wrong_value_names_option_and_range),
		cmocka_unit_test(options_parse_http_limits_are_taken_within_their_bounds),
		cmocka_unit_test(http_limits_bounds_are_those_of_the_protocol),
		cmocka_unit_test(http_limit_format_says_it_as_people_do),
		cmocka_unit_test(options_parse_unknown_option_or_argument_is_named),
		cmocka_unit_test(options_parse_run_wall_above_interactive_raises_it),
		cmocka_unit_test(options_parse_what_is_trusted_is_off_unless_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
