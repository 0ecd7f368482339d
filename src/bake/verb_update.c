/* `sandlot bake update [IMAGE]`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bake/debian.h"
#include "bake/effective.h"
#include "bake/json.h"
#include "bake/lock.h"
#include "bake/rust.h"
#include "bake/tools.h"
#include "bake/verb.h"

static const char help[] =
	"Usage: sandlot bake update [OPTION]... [IMAGE]\n"
	"Locks what there is now: finds the newest Debian packages of the machine's mirror and the "
	"tool\n"
	"chains that can be had, shows in what they differ from the image's lock.json, and writes "
	"that file\n"
	"when it is told to. IMAGE is default, unless another is named. Crates have cargo's lock. "
	"Needs root.\n"
	"\n"
	"  --yes          write without asking\n"
	"  --dry-run      only show the difference\n"
	"  --cache DIR    as for sandlot bake\n"
	"  --config FILE  as for sandlot bake\n"
	"  --verbose      show what the tools print\n"
	"  --help         show this\n"
	"\n"
	"A bake takes what lock.json names for as long as it can be had; it never writes that "
	"file.\n"
	"\n"
	"Examples:\n"
	"  sandlot bake update --dry-run\n"
	"  sandlot bake update --yes images/default && git diff images/default/lock.json\n";

static const struct verb_option options_known[] = {
	VERB_OPTION("yes", FLAG, yes),	       VERB_OPTION("dry-run", FLAG, dry_run),
	VERB_OPTION("cache", TEXT, cache),     VERB_OPTION("config", TEXT, config),
	VERB_OPTION("verbose", FLAG, verbose),
};

/* What there is now, as a lock. ret_lock: new. */
static int find_newest(struct bake *bake, json_t **ret_lock, struct error *err)
{
	json_auto_t *debian = NULL;
	char when[32] = "";
	time_t now = time(NULL);
	struct tm parts;

	int r = rust_bake(bake, err);
	if (r >= 0)
		r = tools_bake(bake, err);
	if (r >= 0)
		r = debian_lock(bake, &debian, err);
	if (r < 0)
		return r;
	json_auto_t *rust = effective_rust(bake);
	json_auto_t *tools = effective_tools(bake);
	if (gmtime_r(&now, &parts))
		strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &parts);
	*ret_lock = json_pack("{s:i, s:s, s:O, s:O, s:O}", "schema", 1, "time", when, "debian",
			      debian, "rust", rust, "tools", tools);
	return *ret_lock ? 0 : error_set(err, -ENOMEM, "update", "cannot make the lock");
}

static void print_line(void *owner, const char *line)
{
	(void)owner;
	printf("  %s\n", line);
}

/* Prints the difference. Returns 1 when there is one. */
static int show(const struct bake *bake, const json_t *lock, const char *path)
{
	static const char *const keys[] = {"debian", "rust", "tools"};
	json_auto_t *before = lock_all_packages(bake->locked);
	json_auto_t *after = lock_all_packages(lock);
	int same = bake->locked != NULL;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && same; i++)
		same = json_equal(json_object_get(bake->locked, keys[i]),
				  json_object_get(lock, keys[i]));
	if (same) {
		printf("%s has the newest there is\n", path);
		return 0;
	}
	printf("%s %s:\n", path, bake->locked ? "would change" : "is not there; it would have");
	size_t lines = lock_compare_packages(before, after, print_line, NULL);
	lines += lock_compare_parts("Rust ", json_object_get(bake->locked, "rust"),
				    json_object_get(lock, "rust"), print_line, NULL);
	lines += lock_compare_parts("tool ", json_object_get(bake->locked, "tools"),
				    json_object_get(lock, "tools"), print_line, NULL);
	if (lines == 0)
		print_line(NULL, "the packages that are wanted by name");
	return 1;
}

/* Returns 1 for yes. */
static int ask(const char *path)
{
	char answer[16];

	if (!isatty(STDIN_FILENO)) {
		printf("not written: there is nobody to ask; --yes writes it\n");
		return 0;
	}
	printf("write %s? [y/N] ", path);
	fflush(stdout);
	return fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y');
}

/* The file is of whoever has the folder: root works for him here. */
static int write_lock(const struct bake *bake, const json_t *lock, const char *path,
		      struct error *err)
{
	struct stat st;

	int r = json_write_rows(path, lock, err);
	if (r < 0)
		return r;
	if (stat(bake->definition->folder.text, &st) < 0 || lchown(path, st.st_uid, st.st_gid) < 0)
		return error_set(err, -errno, "update", "cannot give %s to its folder's owner",
				 path);
	printf("wrote %s\n", path);
	return 0;
}

static int update(struct bake *bake, const struct bake_options *options, struct error *err)
{
	json_auto_t *lock = NULL;
	struct path path;

	int r = bake_open(bake, options, err);
	if (r >= 0)
		r = find_newest(bake, &lock, err);
	bake_close_progress(bake, r);
	if (r >= 0)
		r = path_format(&path, err, "%s/lock.json", bake->definition->folder.text);
	if (r < 0 || !show(bake, lock, path.text) || options->dry_run)
		return r;
	return options->yes || ask(path.text) ? write_lock(bake, lock, path.text, err) : 0;
}

static int run(const struct bake_options *options)
{
	struct bake_options wanted = *options;
	struct bake *bake = calloc(1, sizeof(*bake));
	struct error err = {.code = 0};
	int status = EXIT_SUCCESS;

	if (!bake) {
		fputs("sandlot bake: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	wanted.image = options->argument_count ? options->arguments[0] : "default";
	wanted.refresh = 1;
	if (update(bake, &wanted, &err) < 0)
		status = verb_fail(&err, bake->tail);
	bake_fini(bake);
	free(bake);
	return status;
}

const struct verb verb_update = {
	.name = "update",
	.what = "lock the newest packages and tool chains",
	.help = help,
	.options = options_known,
	.option_count = sizeof(options_known) / sizeof(options_known[0]),
	.arguments_min = 0,
	.arguments_max = 1,
	.run = run,
};
