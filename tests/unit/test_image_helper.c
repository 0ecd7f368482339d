/*
 * sandlot-verify as a supervisor starts it, with the image and keys at the fds verdict.h names. The
 * program of the same build is run: libexec/sandlot/ beside the tests' folder.
 */
#include "unit_image.h"

#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "image/verdict.h"

#define USER "1879000001"

/* What the helper is started with; an fd below 0 is closed. */
struct call {
	const char *const *words; /* argv */
	int fds[4];		  /* folder, content, manifest, keys */
	int without_root;	  /* 1: as root of a user namespace only */
};

/* What came of it. */
struct answer {
	int status;
	size_t len;
	uint8_t bytes[2 * VERDICT_BYTES];
	char error[512];
};

static void program_path(char ret_path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", ret_path, PATH_MAX - 1);

	assert_true(n > 0);
	ret_path[n] = '\0';
	for (int up = 0; up < 3; up++)
		*strrchr(ret_path, '/') = '\0';
	size_t used = strlen(ret_path);
	snprintf(ret_path + used, PATH_MAX - used, "/libexec/sandlot/sandlot-verify");
}

static int write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	return fd < 0 || write(fd, text, strlen(text)) < 0 ? -1 : 0;
}

/* Becomes what a supervisor without root starts its children as. */
static int lose_root(void)
{
	const uid_t user = 1879000001;

	if (setgroups(0, NULL) < 0 || setresgid(user, user, user) < 0 ||
	    setresuid(user, user, user) < 0 || prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ||
	    unshare(CLONE_NEWUSER) < 0 || write_map("/proc/self/setgroups", "deny") < 0)
		return -1;
	return write_map("/proc/self/gid_map", "0 " USER " 1\n") < 0 ||
			       write_map("/proc/self/uid_map", "0 " USER " 1\n") < 0
		       ? -1
		       : 0;
}

/* In the child: moves the fds to where the helper wants them, by way of numbers far off. */
static void exec_helper(const struct call *call, int verdict_fd, int error_fd)
{
	char path[PATH_MAX];
	char *const environment[] = {NULL};
	int far[4], null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* By fd: whoever we become may not reach the build folder. */
	program_path(path);
	int program_fd = open(path, O_PATH | O_CLOEXEC);
	program_fd = fcntl(program_fd, F_DUPFD_CLOEXEC, 100);
	if (call->without_root && lose_root() < 0)
		_exit(126);
	for (int i = 0; i < 4; i++)
		far[i] = call->fds[i] < 0 ? -1 : fcntl(call->fds[i], F_DUPFD, 100);
	dup2(null_fd, 0);
	dup2(verdict_fd, 1);
	dup2(error_fd, 2);
	for (int i = 0; i < 4; i++)
		if (far[i] < 0 || dup2(far[i], 3 + i) < 0)
			close(3 + i);
	execveat(program_fd, "", (char *const *)call->words, environment, AT_EMPTY_PATH);
	_exit(127);
}

static size_t drain(int fd, void *data, size_t size)
{
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, (char *)data + used, size - used)) > 0)
		used += (size_t)n;
	close(fd);
	return used;
}

static void helper_run(const struct call *call, struct answer *answer)
{
	int verdict[2], error[2];

	memset(answer, 0, sizeof(*answer));
	assert_int_equal(pipe2(verdict, O_CLOEXEC) | pipe2(error, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0)
		exec_helper(call, verdict[1], error[1]);
	close(verdict[1]);
	close(error[1]);
	answer->len = drain(verdict[0], answer->bytes, sizeof(answer->bytes));
	drain(error[0], answer->error, sizeof(answer->error) - 1);
	assert_int_equal(waitpid(pid, &answer->status, 0), pid);
}

/* Opens what a supervisor does, runs the helper and decodes its verdict. */
static struct verdict verify_as(struct unit_image *image, const char *how, const char *form,
				int without_root)
{
	const char *const words[] = {
		"sandlot-verify", how, form, USER, without_root ? "own" : "host", NULL};
	int is_tree = strcmp(form, "tree") == 0, folder = image->folder->fd;
	int content_fd = openat(folder, is_tree ? RECORD_TREE_NAME : RECORD_EROFS_NAME,
				(is_tree ? O_PATH : O_RDONLY) | O_CLOEXEC);
	int manifest_fd = openat(folder, "manifest.json", O_RDONLY | O_CLOEXEC);
	struct call call = {words, {folder, content_fd, manifest_fd, image->keys.fd}, without_root};
	struct verdict verdict;
	struct answer answer;
	struct error err = {0};

	helper_run(&call, &answer);
	close(content_fd);
	close(manifest_fd);
	if (answer.status != 0 || verdict_decode(answer.bytes, answer.len, &verdict, &err) < 0)
		fail_msg("status %#x, %s%s", answer.status, err.text, answer.error);
	assert_string_equal(answer.error, "");
	return verdict;
}

static void expect(struct unit_image *image, const char *how, const char *form,
		   enum verdict_code code, const char *words)
{
	for (int without_root = 0; without_root < 2; without_root++) {
		struct verdict verdict = verify_as(image, how, form, without_root);
		if (verdict.code != code || !strstr(verdict.text, words))
			fail_msg("%s (%s), not %s (%s)", verdict_word(verdict.code), verdict.text,
				 verdict_word(code), words);
	}
}

/* The helper goes by the clock, so what is to be good must last. */
static int setup(void **state)
{
	struct unit_image *image = unit_image_new();

	unit_image_key(image, "lasting", 0);
	unit_folder_text(image->folder, RECORD_EROFS_NAME, "not really one");
	unit_image_sign(image, 0);
	*state = image;
	return 0;
}

static int teardown(void **state)
{
	unit_image_free(*state);
	return 0;
}

static void helper_finds_a_good_image_good(void **state)
{
	struct unit_image *image = *state;

	expect(image, "full", "tree", VERDICT_OK, "");
	expect(image, "quick", "tree", VERDICT_OK, "");
	expect(image, "full", "erofs", VERDICT_OK, "");
	expect(image, "quick", "erofs", VERDICT_OK, "");
	struct verdict verdict = verify_as(image, "full", "tree", 0);
	assert_string_equal(verdict.signer, "lasting");
	assert_string_equal(verdict.record.name, "test");
}

static void helper_names_what_was_altered(void **state)
{
	struct unit_image *image = *state;

	expect(image, "full", "tree", VERDICT_OK, "");
	unit_folder_text(image->folder, "root/bin/tool", "#!/bin/trUe\n");
	expect(image, "full", "tree", VERDICT_ALTERED_TREE, "bin/tool has other bytes");
	expect(image, "full", "erofs", VERDICT_OK, "");
	unit_folder_text(image->folder, RECORD_EROFS_NAME, "not ReallY one");
	expect(image, "full", "erofs", VERDICT_ALTERED_EROFS, "image.erofs");
	unit_folder_text(image->folder, "packages.json", "");
	expect(image, "quick", "erofs", VERDICT_ALTERED_DOCUMENTS, ".json");
}

/* The bytes of a hostile image's names reach nobody's terminal. */
static void helper_prints_no_control_characters(void **state)
{
	struct unit_image *image = *state;

	unit_folder_text(image->folder, "root/a\033[31m\nb", "");
	expect(image, "full", "tree", VERDICT_ALTERED_TREE, "a?[31m?b was added");
}

static void helper_goes_by_the_clock(void **state)
{
	struct unit_image *image = *state;

	unit_image_sign(image, UNIT_NOW);
	expect(image, "quick", "tree", VERDICT_IMAGE_EXPIRED, "2026-01-01");
	unit_image_key(image, "short", UNIT_NOW + UNIT_DAY);
	unit_image_sign(image, 0);
	expect(image, "quick", "tree", VERDICT_KEY_EXPIRED, "short, on 2026-01-02");
}

static void helper_trusts_nobody_without_a_folder_of_keys(void **state)
{
	struct unit_image *image = *state;
	int keys_fd = image->keys.fd;

	image->keys.fd = -EBADF;
	expect(image, "full", "tree", VERDICT_UNKNOWN_KEY, "key ");
	image->keys.fd = keys_fd;
	expect(image, "full", "tree", VERDICT_OK, "");
	assert_int_equal(fchmod(keys_fd, 0757), 0);
	expect(image, "full", "tree", VERDICT_UNREADABLE, "everybody may write");
	assert_int_equal(fchmod(keys_fd, 0755), 0);
}

/* It is nobody: what only root may read, it cannot. */
static void helper_reads_as_its_own_user(void **state)
{
	struct unit_image *image = *state;

	assert_int_equal(fchmodat(image->folder->fd, "root/etc/conf", 0600, 0), 0);
	unit_image_sign(image, 0);
	expect(image, "quick", "tree", VERDICT_OK, "");
	expect(image, "full", "tree", VERDICT_UNREADABLE, "cannot open etc/conf");
	assert_int_equal(fchmodat(image->folder->fd, "root/etc/conf", 0644, 0), 0);
	unit_image_sign(image, 0);
	expect(image, "full", "tree", VERDICT_OK, "");
}

static void helper_called_wrongly_gives_no_verdict(void **state)
{
	static const char *const rows[][6] = {
		{"sandlot-verify", NULL},
		{"sandlot-verify", "full", "tree", USER, NULL},
		{"sandlot-verify", "fast", "tree", USER, "host", NULL},
		{"sandlot-verify", "full", "squashfs", USER, "host", NULL},
		{"sandlot-verify", "full", "tree", "0", "host", NULL},
		{"sandlot-verify", "full", "tree", "-1", "host", NULL},
		{"sandlot-verify", "full", "tree", "4294967295", "host", NULL},
		{"sandlot-verify", "full", "tree", "1000x", "host", NULL},
		{"sandlot-verify", "full", "tree", USER, "guest", NULL},
	};
	static const char *const good[] = {"sandlot-verify", "full", "tree", USER, "host", NULL};
	struct unit_image *image = *state;
	int folder = image->folder->fd;
	struct answer answer;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct call call = {rows[i], {folder, folder, folder, -1}, 0};
		helper_run(&call, &answer);
		assert_true(WIFEXITED(answer.status));
		assert_int_equal(WEXITSTATUS(answer.status), 64);
		assert_int_equal(answer.len, 0);
		assert_non_null(strstr(answer.error, "full|quick"));
	}
	struct call call = {good, {folder, -1, folder, -1}, 0};
	helper_run(&call, &answer);
	assert_true(WIFEXITED(answer.status));
	assert_int_equal(WEXITSTATUS(answer.status), 1);
	assert_int_equal(answer.len, 0);
	assert_non_null(strstr(answer.error, "fd 4"));
}

/* Without root there is no other user to become, and one test that says so. */
static void helper_tests_need_root(void **state)
{
	(void)state;
	skip();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(helper_finds_a_good_image_good),
		TEST(helper_names_what_was_altered),
		TEST(helper_prints_no_control_characters),
		TEST(helper_goes_by_the_clock),
		TEST(helper_trusts_nobody_without_a_folder_of_keys),
		TEST(helper_reads_as_its_own_user),
		TEST(helper_called_wrongly_gives_no_verdict),
	};
	const struct CMUnitTest none[] = {cmocka_unit_test(helper_tests_need_root)};
	if (geteuid() != 0)
		return cmocka_run_group_tests(none, NULL, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
