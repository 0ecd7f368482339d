/*
 * sandlot-key, the program behind `sandlot key`: makes and lists the keys images are signed with.
 * Runs as whoever keeps them, and reads nothing but his folder.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "image/date.h"
#include "image/key_choose.h"
#include "image/key_files.h"
#include "image/key_folder.h"

enum { EXIT_USAGE = 64 };

static const char help[] =
	"Usage: sandlot key new [NAME] [--expires WHEN] [--keys DIR]\n"
	"       sandlot key list [--keys DIR]\n"
	"Makes and lists the keys that images are signed with (Ed25519).\n"
	"\n"
	"  new   makes the key NAME (the host's name when none is given): NAME.key, which signs "
	"and\n"
	"        is to be kept private, and NAME.pub. A key is never written over\n"
	"  list  shows the keys whose NAME.pub is in the folder, which are those that are trusted\n"
	"\n"
	"  --expires WHEN  no image signed with it is taken from then on: a day such as "
	"2031-05-01,\n"
	"                  or how long from now: 2y, 18m, 90d. Without it, never\n"
	"  --keys DIR      the folder of keys; otherwise $SANDLOT_KEYS, /etc/sandlot/keys (as "
	"root),\n"
	"                  $XDG_CONFIG_HOME/sandlot/keys or ~/.config/sandlot/keys\n"
	"  --help          show this\n"
	"\n"
	"To trust images that somebody else signs, put his NAME.pub into the folder. To trust a "
	"key\n"
	"no longer, take it out.\n"
	"\n"
	"Examples:\n"
	"  sandlot key new\n"
	"  sandlot key new release-2026 --expires 2y\n"
	"  sandlot key list\n"
	"  cp ann.pub /etc/sandlot/keys/\n";

struct request {
	const char *command, *name, *expires, *keys;
};

enum { OPT_EXPIRES = 256, OPT_KEYS, OPT_HELP };

static const struct option long_options[] = {
	{"expires", required_argument, NULL, OPT_EXPIRES},
	{"keys", required_argument, NULL, OPT_KEYS},
	{"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int usage(const char *what)
{
	fprintf(stderr, "sandlot key: %s; try sandlot key --help\n", what);
	return EXIT_USAGE;
}

/* Returns -1 to go on, or an exit status. */
static int parse(int argc, char **argv, struct request *request)
{
	int c;

	while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (c) {
		case OPT_EXPIRES:
			request->expires = optarg;
			break;
		case OPT_KEYS:
			request->keys = optarg;
			break;
		case OPT_HELP:
			fputs(help, stdout);
			return EXIT_SUCCESS;
		default:
			fputs("sandlot key: try sandlot key --help\n", stderr);
			return EXIT_USAGE;
		}
	}
	if (optind == argc)
		return usage("say what to do: new or list");
	request->command = argv[optind++];
	int is_new = strcmp(request->command, "new") == 0;
	if (!is_new && strcmp(request->command, "list") != 0)
		return usage("there is new and list, and nothing else");
	if (is_new && optind < argc)
		request->name = argv[optind++];
	if (optind < argc)
		return usage("there is an argument too many");
	if (!is_new && request->expires)
		return usage("--expires is for new");
	return -1;
}

static int key_new(struct key_files *files, const struct request *request, uint64_t now_sec,
		   struct error *err)
{
	char host[RECORD_NAME_MAX], hex[2 * RECORD_HASH_BYTES + 1];
	uint64_t expires_sec = 0;
	struct public_key key;
	int r = 0;

	key_host_name(host);
	if (request->expires)
		r = date_expiry("--expires", request->expires, now_sec, &expires_sec, err);
	if (r == 0)
		r = key_files_make(files, request->name ? request->name : host, now_sec,
				   expires_sec, &key, err);
	if (r < 0)
		return r;
	record_hex(key.id, hex);
	printf("key %s (%.12s) is in %s: %s%s signs, %s%s is what others need to trust it\n",
	       key.name, hex, files->path, key.name, KEY_PRIVATE_SUFFIX, key.name,
	       KEY_PUBLIC_SUFFIX);
	return 0;
}

static void print_key(const struct public_key *key, int is_private, int width, uint64_t now_sec)
{
	char hex[2 * RECORD_HASH_BYTES + 1], created[DATE_SIZE], expires[DATE_SIZE] = "never";

	record_hex(key->id, hex);
	date_encode(key->created_sec, created);
	if (key->expires_sec)
		date_encode(key->expires_sec, expires);
	printf("%-*s  %.12s  created %s  expires %-10s%s%s\n", width, key->name, hex, created,
	       expires, is_private ? "  signs" : "",
	       key_is_expired(key, now_sec) ? "  EXPIRED" : "");
}

static int has_private(const struct key_names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->names[i], name) == 0)
			return 1;
	return 0;
}

/* A file that is no key does not hide the others: it is told, and the status says so. */
static int key_list(const struct key_files *files, uint64_t now_sec, struct error *err)
{
	struct key_names public, private;
	struct public_key key;
	int width = 0, status = 0;

	int r = key_files_list(files, KEY_PUBLIC_SUFFIX, &public, err);
	if (r == 0)
		r = key_files_list(files, KEY_PRIVATE_SUFFIX, &private, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < public.count; i++)
		if ((int)strlen(public.names[i]) > width)
			width = (int)strlen(public.names[i]);
	for (size_t i = 0; i < public.count; i++) {
		r = key_files_read(files, public.names[i], &key, err);
		if (r == 0)
			print_key(&key, has_private(&private, key.name), width, now_sec);
		else
			error_print("sandlot key", err);
		status = r < 0 ? EXIT_FAILURE : status;
	}
	if (public.count == 0)
		printf("there is no key in %s; `sandlot key new` makes one\n", files->path);
	return status;
}

int main(int argc, char **argv)
{
	uint64_t now_sec = clock_real_usec() / USEC_PER_SEC;
	struct request request = {.command = NULL};
	struct key_files files = KEY_FILES_NONE;
	struct error err = {.code = 0};
	char folder[PATH_MAX];

	umask(022);
	int status = parse(argc, argv, &request);
	if (status >= 0)
		return status;
	int r = key_folder(request.keys, geteuid() == 0, folder, &err);
	if (r == 0)
		r = key_files_open(&files, folder, &err);
	if (r == 0 && strcmp(request.command, "new") == 0)
		r = key_new(&files, &request, now_sec, &err);
	else if (r == 0)
		r = key_list(&files, now_sec, &err);
	key_files_close(&files);
	if (r < 0)
		error_print("sandlot key", &err);
	return r == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
