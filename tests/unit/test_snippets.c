#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "front/snippets_internal.h"

static char folder[64];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "/tmp/test_snippets.XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
	char command_free[128];
	static const char *const names[] = {
		"", "-wal", "-shm", ".damaged", ".damaged-wal", ".damaged-shm", ".damaged-1"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(command_free, sizeof(command_free), "%s/snippets.db%s", folder, names[i]);
		unlink(command_free);
	}
	return rmdir(folder);
}

static struct snippets *open_good(int want_set_aside)
{
	struct snippets *snippets = NULL;
	struct error err = {0};
	int set_aside = -1;

	if (snippets_open(folder, SNIPPETS_SERVER, &snippets, &set_aside, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(set_aside, want_set_aside);
	return snippets;
}

static struct snippet_receipt put(struct snippets *snippets, const char *code,
				  uint64_t expires_usec)
{
	json_t *document = snippet_document_of_code("rust", code, strlen(code));
	struct snippet_receipt receipt;
	struct error err = {0};

	if (snippet_put(snippets, document, expires_usec, &receipt, &err) < 0)
		fail_msg("%s", err.text);
	json_decref(document);
	return receipt;
}

/* Asserts that the id names this code, or with NULL nothing. */
static void assert_code(struct snippets *snippets, const char *id, const char *code)
{
	struct snippet snippet;
	size_t len;

	assert_int_equal(snippet_get(snippets, id, &snippet, NULL), code ? 1 : 0);
	if (!code)
		return;
	assert_string_equal(snippet_document_code(snippet.document, &len), code);
	assert_int_equal(len, strlen(code));
	snippet_fini(&snippet);
}

/* Under the lock: the sweeper uses the same connection. */
static void run_sql(struct snippets *snippets, const char *sql)
{
	pthread_mutex_lock(&snippets->lock);
	int r = sqlite3_exec(snippets->db, sql, NULL, NULL, NULL);
	pthread_mutex_unlock(&snippets->lock);
	assert_int_equal(r, SQLITE_OK);
}

static void snippet_put_is_found_again_after_reopening(void **state)
{
	struct snippets *snippets = open_good(0);
	struct snippet_receipt a = put(snippets, "fn main() {}", 0);
	struct snippet_receipt b = put(snippets, "fn main() { }", 0);

	(void)state;
	assert_int_equal(strlen(a.id), 16);
	assert_true(snippet_id_is_valid(a.id));
	assert_string_not_equal(a.id, b.id);
	snippets_close(snippets);
	snippets = open_good(0);
	assert_code(snippets, a.id, "fn main() {}");
	assert_code(snippets, b.id, "fn main() { }");
	assert_code(snippets, "AAAAAAAAAAAAAAAA", NULL);
	assert_code(snippets, "../../etc/passwd", NULL);
	assert_code(snippets, "", NULL);
	snippets_close(snippets);
}

/* The text of a fixed document has the id it has: another server gives it the same. */
static void snippet_put_id_is_the_content_s(void **state)
{
	struct snippets *snippets = open_good(0);
	uint8_t hash[SHA256_BYTES];
	char id[SNIPPET_ID_SIZE];
	static const char text[] = "{\"files\":[{\"content\":\"x\"}],\"language\":\"rust\"}";

	(void)state;
	sha256_of(text, strlen(text), hash);
	snippet_id(hash, 0, id);
	assert_string_equal(put(snippets, "x", 0).id, id);
	snippets_close(snippets);
	memset(hash, 0xff, sizeof(hash));
	snippet_id(hash, 0, id);
	assert_string_equal(id, "________________");
	memset(hash, 0, sizeof(hash));
	snippet_id(hash, 0, id);
	assert_string_equal(id, "AAAAAAAAAAAAAAAA");
}

static void snippet_put_same_content_is_one_with_two_claims(void **state)
{
	struct snippets *snippets = open_good(0);
	struct snippet_receipt a = put(snippets, "x", 0), b = put(snippets, "x", 0);

	(void)state;
	assert_string_equal(a.id, b.id);
	assert_string_not_equal(a.delete_token, b.delete_token);
	assert_int_equal(snippet_delete(snippets, a.id, "0123", NULL), -EACCES);
	assert_int_equal(snippet_delete(snippets, a.id, a.delete_token, NULL), 0);
	assert_code(snippets, a.id, "x");
	assert_int_equal(snippet_delete(snippets, a.id, a.delete_token, NULL), -EACCES);
	assert_int_equal(snippet_delete(snippets, b.id, b.delete_token, NULL), 0);
	assert_code(snippets, a.id, NULL);
	assert_int_equal(snippet_delete(snippets, b.id, b.delete_token, NULL), -ENOENT);
	snippets_close(snippets);
}

/* Other content that has the id already: made here by giving a row the hash of something else. */
static void snippet_put_collision_gets_another_id(void **state)
{
	struct snippets *snippets = open_good(0);
	struct snippet_receipt a = put(snippets, "x", 0), b, c;

	(void)state;
	run_sql(snippets, "UPDATE snippets SET hash=zeroblob(32),"
			  " document='{\"files\":[{\"content\":\"other\"}]}'");
	b = put(snippets, "x", 0);
	assert_string_not_equal(a.id, b.id);
	assert_code(snippets, a.id, "other");
	assert_code(snippets, b.id, "x");
	c = put(snippets, "x", 0);
	assert_string_equal(b.id, c.id);
	snippets_close(snippets);
}

static void snippet_put_keeps_no_token(void **state)
{
	struct snippets *snippets = open_good(0);
	struct snippet_receipt receipt = put(snippets, "x", 0);
	char path[128];

	(void)state;
	snippets_close(snippets);
	snprintf(path, sizeof(path), "%s/snippets.db", folder);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *data = NULL;
	size_t len;
	assert_int_equal(fd_read_all(fd, 1 << 20, &data, &len), 0);
	assert_non_null(memmem(data, len, receipt.id, strlen(receipt.id)));
	assert_null(memmem(data, len, receipt.delete_token, strlen(receipt.delete_token)));
}

static void snippets_sweep_removes_what_has_expired_and_its_bytes(void **state)
{
	struct snippets *snippets = open_good(0);
	uint64_t now = clock_real_usec(), hour = UINT64_C(3600) * USEC_PER_SEC;
	struct snippet_receipt gone = put(snippets, "gone with the wind", now + hour);
	struct snippet_receipt stays = put(snippets, "stays", now + 3 * hour);
	struct snippet_receipt never = put(snippets, "never", 0);
	struct snippet_receipt both = put(snippets, "both", now + hour);
	struct snippet snippet;
	char path[128];

	(void)state;
	put(snippets, "both", 0);
	assert_code(snippets, gone.id, "gone with the wind");
	assert_int_equal(snippet_get(snippets, stays.id, &snippet, NULL), 1);
	assert_true(snippet.expires_usec == now + 3 * hour && snippet.created_usec >= now);
	snippet_fini(&snippet);
	assert_int_equal(snippets_sweep(snippets, now + 2 * hour, NULL), 0);
	assert_code(snippets, gone.id, NULL);
	assert_code(snippets, stays.id, "stays");
	assert_code(snippets, never.id, "never");
	assert_code(snippets, both.id, "both");
	assert_int_equal(snippet_delete(snippets, both.id, both.delete_token, NULL), -EACCES);
	snippets_close(snippets);

	snprintf(path, sizeof(path), "%s/snippets.db", folder);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *data = NULL;
	size_t len;
	assert_int_equal(fd_read_all(fd, 1 << 20, &data, &len), 0);
	assert_non_null(memmem(data, len, "stays", 5));
	assert_null(memmem(data, len, "gone with", 9));
}

static void snippet_get_expired_is_not_there_before_the_sweep(void **state)
{
	struct snippets *snippets = open_good(0);
	struct snippet_receipt receipt = put(snippets, "late", clock_real_usec() - 1);

	(void)state;
	assert_code(snippets, receipt.id, NULL);
	assert_int_equal(snippet_delete(snippets, receipt.id, receipt.delete_token, NULL), -ENOENT);
	snippets_close(snippets);
}

static void snippet_put_without_room_says_so(void **state)
{
	struct snippets *snippets = open_good(0);
	struct snippet_receipt first = put(snippets, "first", 0), receipt;
	char *large = malloc(100001);
	struct error err = {0};

	(void)state;
	assert_non_null(large);
	memset(large, 'x', 100000);
	large[100000] = '\0';
	run_sql(snippets, "PRAGMA max_page_count=10");
	json_t *document = snippet_document_of_code("rust", large, 100000);
	assert_int_equal(snippet_put(snippets, document, 0, &receipt, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "no room"));
	assert_code(snippets, first.id, "first");
	run_sql(snippets, "PRAGMA max_page_count=1000");
	assert_int_equal(snippet_put(snippets, document, 0, &receipt, &err), 0);
	assert_code(snippets, receipt.id, large);
	json_decref(document);
	free(large);
	snippets_close(snippets);
}

static void snippets_open_damaged_file_is_set_aside_and_kept(void **state)
{
	char path[128];
	struct snippets *snippets;

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/snippets.db", folder);
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		char junk[8192];
		memset(junk, 'a' + i, sizeof(junk));
		assert_int_equal(fd_write_all(fd, junk, sizeof(junk)), 0);
		fd_close(fd);
		snippets = open_good(1);
		put(snippets, "x", 0);
		snippets_close(snippets);
		snprintf(path, sizeof(path), "%s/snippets.db.damaged%s", folder, i ? "-1" : "");
		assert_int_equal(access(path, F_OK), 0);
	}
}

static void snippets_schema_goes_down_and_up_and_tool_waits_for_server(void **state)
{
	struct snippets *snippets = open_good(0), *tool = NULL;
	struct error err = {0};
	int set_aside;
	sqlite3 *db;
	char path[128];

	(void)state;
	put(snippets, "x", 0);
	snippets_close(snippets);
	snprintf(path, sizeof(path), "%s/snippets.db", folder);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	for (unsigned down = snippet_version; down-- > 0;)
		assert_int_equal(migrate(db, snippet_migrations, snippet_version, down, &err), 0);
	assert_int_equal(migrate(db, snippet_migrations, snippet_version, snippet_version, &err),
			 0);
	/* A later version's file, which says the way back. */
	assert_int_equal(sqlite3_exec(db,
				      "CREATE TABLE later(x); PRAGMA user_version=9;"
				      "INSERT INTO migrations SELECT value, 'SELECT 1' FROM"
				      " json_each('[2,3,4,5,6,7,8]');"
				      "INSERT INTO migrations VALUES(9,'DROP TABLE later')",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(snippets_open(folder, SNIPPETS_TOOL, &tool, &set_aside, &err), -EPROTO);
	assert_non_null(strstr(err.text, "version 9"));
	snippets = open_good(0);
	put(snippets, "y", 0);
	assert_int_equal(snippets_open(folder, SNIPPETS_TOOL, &tool, &set_aside, &err), 0);
	snippets_close(tool);
	snippets_close(snippets);
}

/* Each child is killed while it puts; what it had said it had put is there. */
static void snippet_put_said_outlives_a_kill(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 10; round++) {
		char said[4096] = "";
		size_t len = 0;
		int pipe_fds[2];
		assert_int_equal(pipe(pipe_fds), 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			struct snippets *snippets = open_good(0);
			for (unsigned i = 0;; i++) {
				char code[32];
				snprintf(code, sizeof(code), "%d-%u", round, i);
				struct snippet_receipt receipt = put(snippets, code, 0);
				if (write(pipe_fds[1], receipt.id, SNIPPET_ID_SIZE - 1) < 0)
					_exit(1);
			}
		}
		close(pipe_fds[1]);
		size_t enough = (1 + unit_random_below(&seed, 40)) * (SNIPPET_ID_SIZE - 1);
		while (len < enough) {
			ssize_t n = read(pipe_fds[0], said + len, enough - len);
			assert_true(n > 0);
			len += (size_t)n;
		}
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		close(pipe_fds[0]);
		struct snippets *snippets = open_good(0);
		for (size_t at = 0; at < len; at += SNIPPET_ID_SIZE - 1) {
			char id[SNIPPET_ID_SIZE], code[32];
			snprintf(id, sizeof(id), "%.16s", said + at);
			snprintf(code, sizeof(code), "%d-%zu", round, at / (SNIPPET_ID_SIZE - 1));
			assert_code(snippets, id, code);
		}
		snippets_close(snippets);
	}
}

static void assert_read(const char *body, int want, const char *text)
{
	json_t *json = json_loads(body, JSON_ALLOW_NUL, NULL), *document = NULL;
	struct error err = {0};

	assert_non_null(json);
	assert_int_equal(snippet_document_read(json, &document, &err), want);
	if (want == 0) {
		_cleanup_free_ char *canonical = snippet_document_text(document);
		assert_string_equal(canonical, text);
		json_decref(document);
	} else {
		assert_non_null(strstr(err.text, text));
	}
	json_decref(json);
}

static void snippet_document_read_gives_one_text_for_one_content(void **state)
{
	static const char plain[] = "{\"files\":[{\"content\":\"a\\u0000\xc3\xa4\"}],"
				    "\"language\":\"c\"}";
	(void)state;
	assert_read("{\"language\":\"c\",\"code\":\"a\\u0000\\u00e4\"}", 0, plain);
	assert_read("{\"options\":{},\"code\":\"a\\u0000\\u00e4\",\"language\":\"c\"}", 0, plain);
	assert_read("{\"files\":[{\"content\":\"a\\u0000\\u00e4\"}],\"language\":\"c\"}", 0, plain);
	assert_read("{\"files\":[{\"name\":\"b\",\"content\":\"\"}],\"language\":\"c\","
		    "\"options\":{\"y\":true,\"x\":\"1\"}}",
		    0,
		    "{\"files\":[{\"content\":\"\",\"name\":\"b\"}],\"language\":\"c\","
		    "\"options\":{\"x\":\"1\",\"y\":true}}");
	assert_read("{\"language\":\"c\"}", -EINVAL, "no source");
	assert_read("{\"code\":\"\"}", -EINVAL, "`language`");
	assert_read("{\"language\":\"c\",\"code\":\"\",\"stdin\":\"\"}", -EINVAL, "`stdin`");
	assert_read("{\"language\":\"c\",\"code\":\"\",\"options\":{\"x\":1}}", -EINVAL,
		    "options.x");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(snippet_put_is_found_again_after_reopening),
		TEST(snippet_put_id_is_the_content_s),
		TEST(snippet_put_same_content_is_one_with_two_claims),
		TEST(snippet_put_collision_gets_another_id),
		TEST(snippet_put_keeps_no_token),
		TEST(snippets_sweep_removes_what_has_expired_and_its_bytes),
		TEST(snippet_get_expired_is_not_there_before_the_sweep),
		TEST(snippet_put_without_room_says_so),
		TEST(snippets_open_damaged_file_is_set_aside_and_kept),
		TEST(snippets_schema_goes_down_and_up_and_tool_waits_for_server),
		TEST(snippet_put_said_outlives_a_kill),
		TEST(snippet_document_read_gives_one_text_for_one_content),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
