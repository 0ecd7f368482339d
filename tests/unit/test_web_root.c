#include "unit_folder.h"

#include "front/web_root.h"

/* The embedded page, which this test does not look at. */
const struct web_asset web_assets[1];
const size_t web_asset_count = 0;

static const struct web_asset *find(const struct web_root *root, const char *path)
{
	return assets_find(root->assets, root->count, path);
}

static void web_root_read_takes_files_and_pairs_compressed_ones(void **state)
{
	struct unit_folder *folder = unit_folder_new();
	struct web_root root;

	(void)state;
	unit_folder_mkdir(folder, "a");
	unit_folder_text(folder, "index.html", "page");
	unit_folder_text(folder, "a/x.js", "script");
	unit_folder_text(folder, "a/x.js.br", "br");
	unit_folder_text(folder, "a/x.js.gz", "gz");
	unit_folder_text(folder, "lonely.gz", "gz");
	unit_folder_link(folder, "link.html", "index.html");
	unit_folder_link(folder, "b", "a");
	assert_int_equal(web_root_read(folder->path, &root, NULL), 0);
	assert_int_equal(root.count, 6);
	const struct web_asset *asset = find(&root, "/a/x.js");
	assert_non_null(asset);
	assert_memory_equal(asset->plain, "script", 6);
	assert_int_equal(asset->brotli_len, 2);
	assert_memory_equal(asset->gzip, "gz", 2);
	assert_string_equal(find(&root, "/")->etag, find(&root, "/index.html")->etag);
	assert_null(find(&root, "/lonely"));
	assert_null(find(&root, "/link.html"));
	assert_null(find(&root, "/b/x.js"));
	assert_null(find(&root, "/a"));
	web_root_fini(&root);
	assert_int_equal(root.count, 0);
	unit_folder_free(folder);
}

static void check_refused(struct unit_folder *folder, int code, const char *why)
{
	struct web_root root;
	struct error err = {0};

	assert_int_equal(web_root_read(folder->path, &root, &err), code);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

static void web_root_read_of_what_is_no_page_is_refused(void **state)
{
	struct unit_folder *folder = unit_folder_new();
	char path[128] = "d";

	(void)state;
	check_refused(folder, -ENOENT, "no index.html");
	unit_folder_link(folder, "index.html", "other.html");
	check_refused(folder, -ENOENT, "no index.html");
	unlinkat(folder->fd, "index.html", 0);
	unit_folder_text(folder, "index.html", "page");
	for (int i = 0; i <= WEB_ROOT_DEPTH_MAX; i++) {
		unit_folder_mkdir(folder, path);
		size_t used = strlen(path);
		snprintf(path + used, sizeof(path) - used, "/d");
	}
	check_refused(folder, -E2BIG, "folders 16 deep");
	unit_folder_free(folder);
}

static void web_root_type_goes_by_the_ending(void **state)
{
	(void)state;
	assert_string_equal(web_root_type("/a.b/index.HTML"), "text/html; charset=utf-8");
	assert_string_equal(web_root_type("/x.wasm"), "application/wasm");
	assert_string_equal(web_root_type("/x.js.map"), "application/json");
	assert_string_equal(web_root_type("/LICENSE"), "application/octet-stream");
	assert_string_equal(web_root_type("/html"), "application/octet-stream");
	assert_string_equal(web_root_type("/x."), "application/octet-stream");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(web_root_read_takes_files_and_pairs_compressed_ones),
		cmocka_unit_test(web_root_read_of_what_is_no_page_is_refused),
		cmocka_unit_test(web_root_type_goes_by_the_ending),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
