/*
 * sandlot-verify: started by a server's supervisor, finds out whether an image is what was signed,
 * and writes one verdict. verdict.h says how it is called and which fds it gets.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "image/verify.h"
#include "image/verify_jail.h"

enum { EXIT_USAGE = 64 };

enum { VERDICT_FD = 1, FOLDER_FD = 3, CONTENT_FD, MANIFEST_FD, KEYS_FD, FDS };

struct call {
	int is_quick;
	enum record_form form;
	uid_t user;
	int own_user_namespace;
};

#ifdef __SANITIZE_ADDRESS__
/* The leak check at exit starts a tracer, which the filter rightly forbids. */
const char *__asan_default_options(void);

const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

/* Which of two words it is. Returns 0 or 1, or -1. */
static int either(const char *text, const char *first, const char *second)
{
	return strcmp(text, first) == 0 ? 0 : strcmp(text, second) == 0 ? 1 : -1;
}

static int parse(int argc, char **argv, struct call *call)
{
	char *end;

	if (argc != 5)
		return -EINVAL;
	int how = either(argv[1], "full", "quick"), form = either(argv[2], "tree", "erofs");
	int namespace = either(argv[4], "host", "own");
	errno = 0;
	unsigned long user = strtoul(argv[3], &end, 10);
	if (how < 0 || form < 0 || namespace < 0 || errno || *end || argv[3][0] < '1' ||
	    argv[3][0] > '9' || user >= UINT_MAX)
		return -EINVAL;
	*call = (struct call){
		.is_quick = how,
		.form = form ? RECORD_EROFS : RECORD_TREE,
		.user = (uid_t)user,
		.own_user_namespace = namespace,
	};
	return 0;
}

/* The three that must be there; what they are shows when they are read. */
static int check_fds(struct error *err)
{
	struct stat st;

	for (int fd = FOLDER_FD; fd <= MANIFEST_FD; fd++)
		if (fstat(fd, &st) < 0)
			return error_set(err, -errno, "fds",
					 "sandlot-verify is started by sandlot serve: fd %d", fd);
	if (close_range(FDS, ~0U, 0) < 0)
		return error_set(err, -errno, "fds", "cannot close what is not needed");
	return 0;
}

static void verify(const struct call *call, int keys_fd, struct verdict *ret_verdict)
{
	struct key_files keys = KEY_FILES_NONE;
	struct error err = {.code = 0};
	const struct image_verify request = {
		.folder_fd = FOLDER_FD,
		.content_fd = CONTENT_FD,
		.manifest_fd = MANIFEST_FD,
		.form = call->form,
		.is_quick = call->is_quick,
		.keys = &keys,
		.now_sec = clock_real_usec() / USEC_PER_SEC,
	};

	if (keys_fd >= 0 && key_files_take(&keys, keys_fd, "keys", &err) < 0) {
		memset(ret_verdict, 0, sizeof(*ret_verdict));
		ret_verdict->code = VERDICT_UNREADABLE;
		verdict_set_text(ret_verdict, err.text);
		return;
	}
	image_verify(&request, ret_verdict);
}

static int run(const struct call *call, struct error *err)
{
	uint8_t bytes[VERDICT_BYTES];
	struct verdict verdict;
	struct stat st;

	int r = check_fds(err);
	if (r < 0)
		return r;
	struct verify_jail jail = {
		.user = call->user,
		.own_user_namespace = call->own_user_namespace,
		.folder_fd = FOLDER_FD,
		.content_fd = CONTENT_FD,
		.keys_fd = fstat(KEYS_FD, &st) < 0 ? -EBADF : KEYS_FD,
	};
	r = verify_jail_enter(&jail, err);
	if (r < 0)
		return r;
	verify(call, jail.keys_fd, &verdict);
	verdict_encode(&verdict, bytes);
	r = fd_write_all(VERDICT_FD, bytes, sizeof(bytes));
	return r < 0 ? error_set(err, r, "verdict", "cannot write the verdict") : 0;
}

int main(int argc, char **argv)
{
	struct error err = {.code = 0};
	struct call call;

	if (parse(argc, argv, &call) < 0) {
		fputs("sandlot-verify: started by sandlot serve as sandlot-verify full|quick "
		      "tree|erofs USER host|own\n",
		      stderr);
		return EXIT_USAGE;
	}
	if (run(&call, &err) < 0) {
		error_print("sandlot-verify", &err);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
