/*
 * sandlot-snippets, the program behind `sandlot snippets`: carries snippets out of a data folder
 * and into one, whether a server uses it or not. The folder is the front end's, whom nobody trusts:
 * what is in it is read as its owner, in a root folder of that alone, and as root never.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/landlock.h"
#include "base/privilege.h"
#include "front/snippets_lines.h"

enum { EXIT_USAGE = 64, PATH_SIZE = 512 };

static const char help[] =
	"Usage: sandlot snippets export [--data DIR] > FILE\n"
	"       sandlot snippets import [--data DIR] < FILE\n"
	"Carries the snippets that visitors shared out of a server's data folder, and into one: "
	"for\n"
	"backups, and for moving to another machine. The server may run meanwhile.\n"
	"\n"
	"  export  writes every snippet as a line of JSON: its id, when it was shared, what is in "
	"it,\n"
	"          and of each delete token the SHA-256\n"
	"  import  takes such lines. Snippets keep their ids, and delete tokens go on working. "
	"What "
	"is\n"
	"          there already stays: taking a file twice is harmless\n"
	"\n"
	"  --data DIR  the server's data folder (default: /var/lib/sandlot; without root\n"
	"              $XDG_STATE_HOME/sandlot, ~/.local/state/sandlot)\n"
	"  --help      show this\n"
	"\n"
	"As root it does its work as the folder's owner, who is the server's front end.\n"
	"\n"
	"Examples:\n"
	"  sandlot snippets export > snippets.jsonl\n"
	"  sandlot snippets import --data /srv/sandlot < snippets.jsonl\n"
	"  ssh old sandlot snippets export | sandlot snippets import\n";

struct request {
	int is_import;
	const char *data;
	char data_default[PATH_SIZE];
};

static int usage(const char *what)
{
	fprintf(stderr, "sandlot snippets: %s; try sandlot snippets --help\n", what);
	return EXIT_USAGE;
}

/* Where a server keeps its data when nobody says otherwise. Returns 0 or -ENOENT. */
static int data_default(char path[PATH_SIZE])
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	if (geteuid() == 0)
		snprintf(path, PATH_SIZE, "/var/lib/sandlot");
	else if (state && state[0] == '/')
		snprintf(path, PATH_SIZE, "%s/sandlot", state);
	else if (home && home[0] == '/')
		snprintf(path, PATH_SIZE, "%s/.local/state/sandlot", home);
	else
		return -ENOENT;
	return 0;
}

/* Returns -1 to go on, or an exit status. */
static int parse(int argc, char **argv, struct request *request)
{
	static const struct option options[] = {
		{"data", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'h') {
			fputs(help, stdout);
			return EXIT_SUCCESS;
		}
		if (c != 'd') {
			fputs("sandlot snippets: try sandlot snippets --help\n", stderr);
			return EXIT_USAGE;
		}
		request->data = optarg;
	}
	if (optind == argc)
		return usage("say what to do: export or import");
	request->is_import = strcmp(argv[optind], "import") == 0;
	if (!request->is_import && strcmp(argv[optind], "export") != 0)
		return usage("there is export and import, and nothing else");
	if (optind + 1 < argc)
		return usage("there is an argument too many");
	if (!request->data && data_default(request->data_default) < 0)
		return usage(
			"there is no HOME to look for the data in; name the folder with --data");
	if (!request->data)
		request->data = request->data_default;
	if (!request->is_import && isatty(STDOUT_FILENO))
		return usage("the lines go to standard output, which is a terminal: send them to a "
			     "file");
	return -1;
}

/* As root: becomes the folder's owner, and sees nothing else. */
static int become_owner(int folder_fd, const struct stat *st, const char *folder, struct error *err)
{
	if (st->st_uid == 0)
		return error_set_plain(
			err, -EPERM, "data",
			"%.100s is root's: no server has used it yet; start one with "
			"--data first",
			folder);
	if (fchdir(folder_fd) < 0 || chroot(".") < 0)
		return error_set(err, -errno, "data", "cannot enter %.100s", folder);
	int r = privilege_bounding(err);
	if (r == 0)
		r = privilege_identity(st->st_uid, 0, err);
	return r == 0 ? privilege_capabilities(err) : r;
}

/* Opens the folder and gives up all but it. Returns 0 and the path by which it is then reached. */
static int enter(const char *folder, const char **ret_path, struct error *err)
{
	const uint64_t access = LANDLOCK_FS_READ_FILE | LANDLOCK_FS_READ_DIR |
				LANDLOCK_FS_WRITE_FILE | LANDLOCK_FS_MAKE_REG |
				LANDLOCK_FS_REMOVE_FILE | LANDLOCK_FS_TRUNCATE;
	_cleanup_fd_ int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct landlock_below below = {.fd = folder_fd, .access = access};
	struct stat st;
	int r = 0;

	if (folder_fd < 0 || fstat(folder_fd, &st) < 0)
		return error_set(err, -errno, "data", "cannot open the data folder %.100s", folder);
	*ret_path = folder;
	if (geteuid() == 0) {
		r = become_owner(folder_fd, &st, folder, err);
		*ret_path = "/";
	}
	if (r == 0)
		r = privilege_no_new_privs(err);
	return r < 0 ? r : landlock_enter(&below, 1, LANDLOCK_NO_PORT, err);
}

static int work(const struct request *request, struct error *err)
{
	struct snippets *snippets;
	unsigned long count = 0;
	const char *folder;
	int set_aside;

	int r = enter(request->data, &folder, err);
	if (r < 0)
		return r;
	r = snippets_open(folder, SNIPPETS_TOOL, &snippets, &set_aside, err);
	if (r < 0)
		return r;
	r = request->is_import ? snippets_import(snippets, stdin, &count, err)
			       : snippets_export(snippets, stdout, &count, err);
	snippets_close(snippets);
	if (r == 0)
		fprintf(stderr, "%lu snippets %s\n", count,
			request->is_import ? "imported" : "exported");
	return r;
}

int main(int argc, char **argv)
{
	struct request request = {0};
	struct error err = {0};
	int r = parse(argc, argv, &request);

	if (r >= 0)
		return r;
	if (work(&request, &err) == 0)
		return EXIT_SUCCESS;
	error_print("sandlot snippets", &err);
	return EXIT_FAILURE;
}
