/* The pure parts of the HTTP server: paths, origins, encodings, entity tags, client keys. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "front/assets.h"
#include "front/http_origin.h"
#include "front/http_clients.h"
#include "front/http_route.h"

/* A page of two files stands for the built one. */
const struct web_asset web_assets[] = {
	{.path = "/", .type = "text/html", .etag = "\"1\""},
	{.path = "/assets/main-ABCDEF23.js", .type = "text/javascript", .etag = "\"2\""},
};
const size_t web_asset_count = 2;

static void http_route_matches_takes_one_part(void **state)
{
	char id[HTTP_ID_SIZE];

	(void)state;
	assert_true(http_route_matches("/healthz", "/healthz", id));
	assert_string_equal(id, "");
	assert_false(http_route_matches("/healthz", "/healthz/", id));
	assert_true(http_route_matches("/api/v1/jobs/{id}", "/api/v1/jobs/abc", id));
	assert_string_equal(id, "abc");
	assert_true(http_route_matches("/api/v1/jobs/{id}/kill", "/api/v1/jobs/abc/kill", id));
	assert_string_equal(id, "abc");
	assert_false(http_route_matches("/api/v1/jobs/{id}", "/api/v1/jobs/", id));
	assert_true(http_route_matches("/jobs/{id}/files/{name}", "/jobs/abc/files/a%2Fb.svg", id));
	assert_string_equal(id, "abc");
	assert_false(http_route_matches("/jobs/{id}/files/{name}", "/jobs/abc/files/", id));
	assert_false(http_route_matches("/jobs/{id}/files/{name}", "/jobs/abc/files/a/b", id));
	assert_false(http_route_matches("/jobs/{id}/files/{name}", "/jobs/abc/fil", id));
	assert_false(http_route_matches("/api/v1/jobs/{id}", "/api/v1/jobs/a/b", id));
	assert_false(http_route_matches("/api/v1/jobs/{id}/kill", "/api/v1/jobs//kill", id));
	assert_false(http_route_matches(
		"/api/v1/jobs/{id}", "/api/v1/jobs/0123456789012345678901234567890123456789", id));
}

static void http_origin_check_only_this_server(void **state)
{
	struct error err = {0};

	(void)state;
	assert_int_equal(http_origin_check("", NULL, "a:8080", &err), 0);
	assert_int_equal(http_origin_check("", "http://a:8080", "a:8080", &err), 0);
	assert_int_equal(http_origin_check("", "https://Example.org", "example.org", &err), 0);
	assert_int_equal(http_origin_check("", "http://a:8081", "a:8080", &err), -EPERM);
	assert_int_equal(http_origin_check("", "http://a", "a:8080", &err), -EPERM);
	assert_int_equal(http_origin_check("", "http://evil/a:8080", "a:8080", &err), -EPERM);
	assert_int_equal(http_origin_check("", "null", "a:8080", &err), -EPERM);
	assert_int_equal(http_origin_check("", "http://a", NULL, &err), -EPERM);
	assert_int_equal(http_origin_check("", "", "", &err), -EPERM);
}

static void assets_path_is_hashed_is_told_by_the_name(void **state)
{
	static const char *const kept[] = {"/assets/main-ABCDEF23.js",
					   "/app-3f0a9c3f0a9c3f0a9c3f.js",
					   "/a.0123456789abcdef.css"};
	static const char *const asked_for_again[] = {
		"/",
		"/index.html",
		"/app.js",
		"/main-abcdef23.js",
		"/app-3f0a9c.js",
		"/app-3f0a9c3f0a9c3f0a9c3f.js.map",
		"/0123456789abcdef.js",
		"/a-0123456789abcdeg.js",
		"/0123456789abcdef/x",
		"/.0123456789abcdef",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		assert_true(assets_path_is_hashed(kept[i]));
	for (size_t i = 0; i < sizeof(asked_for_again) / sizeof(asked_for_again[0]); i++)
		assert_false(assets_path_is_hashed(asked_for_again[i]));
}

static void assets_accepted_reads_weights(void **state)
{
	(void)state;
	assert_int_equal(assets_accepted(NULL), 0);
	assert_int_equal(assets_accepted(""), 0);
	assert_int_equal(assets_accepted("gzip, deflate, br"), ASSETS_GZIP | ASSETS_BROTLI);
	assert_int_equal(assets_accepted("GZIP;q=0.5"), ASSETS_GZIP);
	assert_int_equal(assets_accepted("br;q=0, gzip"), ASSETS_GZIP);
	assert_int_equal(assets_accepted("br; q=0.000,gzip;q=0"), 0);
	assert_int_equal(assets_accepted("*"), ASSETS_GZIP | ASSETS_BROTLI);
	assert_int_equal(assets_accepted("*, br;q=0"), ASSETS_GZIP);
	assert_int_equal(assets_accepted("identity, brotli, gzipx"), 0);
}

static void assets_etag_matches_lists_and_weak_ones(void **state)
{
	(void)state;
	assert_false(assets_etag_matches(NULL, "\"a\""));
	assert_true(assets_etag_matches("\"a\"", "\"a\""));
	assert_true(assets_etag_matches("W/\"a\"", "\"a\""));
	assert_true(assets_etag_matches("\"b\" , \"a\"", "\"a\""));
	assert_true(assets_etag_matches("*", "\"a\""));
	assert_false(assets_etag_matches("\"ab\", a", "\"a\""));
}

static void assets_find_knows_paths_only(void **state)
{
	(void)state;
	assert_ptr_equal(assets_find(web_assets, web_asset_count, "/"), &web_assets[0]);
	assert_ptr_equal(assets_find(web_assets, web_asset_count, "/help"), &web_assets[0]);
	assert_ptr_equal(assets_find(web_assets, web_asset_count, "/assets/main-ABCDEF23.js"),
			 &web_assets[1]);
	assert_null(assets_find(web_assets, web_asset_count, "/assets/"));
	assert_null(assets_find(web_assets, web_asset_count, "/index.html"));
}

static void http_client_key_of_cuts_ipv6(void **state)
{
	char key[HTTP_CLIENT_KEY_SIZE];

	(void)state;
	http_client_key_of("192.0.2.7", key);
	assert_string_equal(key, "192.0.2.7");
	http_client_key_of("::ffff:192.0.2.7", key);
	assert_string_equal(key, "192.0.2.7");
	http_client_key_of("2001:db8:1:2:3:4:5:6", key);
	assert_string_equal(key, "2001:db8:1:2::/64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(http_route_matches_takes_one_part),
		cmocka_unit_test(http_origin_check_only_this_server),
		cmocka_unit_test(assets_path_is_hashed_is_told_by_the_name),
		cmocka_unit_test(assets_accepted_reads_weights),
		cmocka_unit_test(assets_etag_matches_lists_and_weak_ones),
		cmocka_unit_test(assets_find_knows_paths_only),
		cmocka_unit_test(http_client_key_of_cuts_ipv6),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
