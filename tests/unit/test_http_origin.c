/* Whose pages are let in: the list, CORS headers, and who may frame what. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "front/http_origin.h"

#define TWO "https://book.example http://127.0.0.1:3000"

static void http_origin_is_allowed_whole_origins_only(void **state)
{
	(void)state;
	assert_true(http_origin_is_allowed(TWO, "https://book.example"));
	assert_true(http_origin_is_allowed(TWO, "http://127.0.0.1:3000"));
	assert_true(http_origin_is_allowed("*", "https://any.example"));
	assert_false(http_origin_is_allowed("", "https://book.example"));
	assert_false(http_origin_is_allowed(TWO, NULL));
	assert_false(http_origin_is_allowed("*", ""));
	assert_false(http_origin_is_allowed(TWO, "https://book"));
	assert_false(http_origin_is_allowed(TWO, "https://book.example.evil"));
	assert_false(http_origin_is_allowed(TWO, "http://127.0.0.1:300"));
	assert_false(http_origin_is_allowed(TWO, "null"));
	assert_false(http_origin_is_allowed(TWO, TWO));
}

static void http_origin_check_listed_sites_are_let_in(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(http_origin_check(TWO, "https://book.example", "a:8080", &err), 0);
	assert_int_equal(http_origin_check(TWO, "http://a:8080", "a:8080", &err), 0);
	assert_int_equal(http_origin_check(TWO, "https://evil.example", "a:8080", &err), -EPERM);
	assert_non_null(strstr(err.text, "https://evil.example"));
}

static void http_origin_cors_names_the_asker_alone(void **state)
{
	char lines[HTTP_ORIGIN_LINES_MAX];

	(void)state;
	http_origin_cors(TWO, "https://book.example", 0, lines);
	assert_string_equal(lines, "Access-Control-Allow-Origin: https://book.example\r\n"
				   "Vary: Origin\r\n");
	http_origin_cors("*", "https://any.example", 0, lines);
	assert_string_equal(lines, "Access-Control-Allow-Origin: *\r\n");
	http_origin_cors("*", "https://any.example", 1, lines);
	assert_non_null(strstr(lines, "Access-Control-Allow-Headers: content-type"));
	http_origin_cors(TWO, "https://evil.example", 1, lines);
	assert_string_equal(lines, "");
	http_origin_cors("", NULL, 1, lines);
	assert_string_equal(lines, "");
}

static void http_origin_ancestors_embed_alone_is_framed(void **state)
{
	(void)state;
	assert_string_equal(http_origin_ancestors(TWO, "/"), "'none'");
	assert_string_equal(http_origin_ancestors("*", "/api/v1/jobs"), "'none'");
	assert_string_equal(http_origin_ancestors(TWO, "/embed"), TWO);
	assert_string_equal(http_origin_ancestors("", "/embed"), "'self'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_origin_is_allowed_whole_origins_only),
		cmocka_unit_test(http_origin_check_listed_sites_are_let_in),
		cmocka_unit_test(http_origin_cors_names_the_asker_alone),
		cmocka_unit_test(http_origin_ancestors_embed_alone_is_framed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
