#include "bake/apt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bake/apt_sources.h"
#include "bake/apt_text.h"
#include "bake/confined.h"
#include "bake/packages.h"
#include "bake/tree.h"
#include "base/clock.h"
#include "base/fd.h"

enum {
	CONFIG_WALL_SEC = 60,
	UPDATE_WALL_SEC = 900,
	ASK_WALL_SEC = 120,
	DOWNLOAD_WALL_SEC = 3600,
};
#define FILE_BYTES_MAX (UINT64_C(1) << 31)

const char *apt_architecture(void)
{
	static const char *const names[][2] = {
		{"x86_64", "amd64"},	{"aarch64", "arm64"}, {"riscv64", "riscv64"},
		{"ppc64le", "ppc64el"}, {"s390x", "s390x"},
	};
	struct utsname host;

	if (uname(&host) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i][0], host.machine) == 0)
			return names[i][1];
	return NULL;
}

/* may_fail: 1 when the exit code does not matter. ret_result: NULL when nothing is to be captured.
 */
static int run(struct apt *apt, const char *const *argv, unsigned wall_sec, int may_fail,
	       struct child_result *ret_result, struct error *err)
{
	const struct child_jail jail = {
		.folder = apt->folder.text, .at = apt->at.text, .file_bytes_max = FILE_BYTES_MAX};
	struct path config, temporary;

	int r = path_format(&config, err, "APT_CONFIG=%s/apt.conf", apt->at.text);
	if (r >= 0)
		r = path_format(&temporary, err, "TMPDIR=%s/tmp", apt->at.text);
	if (r < 0)
		return r;
	const char *const env[] = {config.text, temporary.text, "LC_ALL=C.UTF-8", NULL};
	const struct child_spec spec = {.argv = argv,
					.env = env,
					.jail = &jail,
					.keep_fd = -EBADF,
					.capture_stdout = ret_result != NULL,
					.wall_usec = wall_sec * USEC_PER_SEC};
	return may_fail ? bake_try(apt->bake, &spec, ret_result, err)
			: bake_tool(apt->bake, argv[0], &spec, ret_result, err);
}

/* How the machine's own apt reaches its mirror. ret_text: new. */
static int machine_options(struct bake *bake, char **ret_text, struct error *err)
{
	static const char *const argv[] = {"apt-config", "dump", NULL};
	const struct child_spec spec = {.argv = argv,
					.keep_fd = -EBADF,
					.capture_stdout = 1,
					.wall_usec = CONFIG_WALL_SEC * USEC_PER_SEC};
	__attribute__((cleanup(child_result_fini))) struct child_result result = {.exit_code = 0};

	int r = bake_tool(bake, "apt-config", &spec, &result, err);
	return r < 0 ? r
		     : apt_options_select(result.stdout_data ? result.stdout_data : "", ret_text,
					  err);
}

static int write_below(const char *folder, const char *name, const char *text, struct error *err)
{
	struct path path;

	int r = path_format(&path, err, "%s/%s", folder, name);
	return r < 0 ? r : path_write_file(path.text, 0644, text, strlen(text), err);
}

/* The folders are given to apt: it makes the rest of its state itself. */
static int make_folders(const char *folder, struct error *err)
{
	static const char *const names[] = {"etc",
					    "etc/sources.d",
					    "state",
					    "state/lists",
					    "state/lists/partial",
					    "cache",
					    "cache/archives",
					    "cache/archives/partial",
					    "tmp"};
	struct path path;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int r = path_format(&path, err, "%s/%s", folder, names[i]);
		if (r >= 0)
			r = path_make_folders(path.text, err);
		if (r < 0)
			return r;
		if (chown(path.text, CONFINED_ID, CONFINED_ID) < 0)
			return error_set(err, -errno, "apt", "cannot give %s to apt", path.text);
	}
	return 0;
}

static int configure(struct apt *apt, const char *sources, struct error *err)
{
	_cleanup_free_ char *options = NULL, *config = NULL;
	const char *architecture = apt_architecture();
	const char *folder = apt->folder.text;

	if (!architecture)
		return error_set_plain(err, -ENOTSUP, "apt",
				       "Debian has no name for this kind of machine");
	int r = make_folders(folder, err);
	if (r >= 0)
		r = machine_options(apt->bake, &options, err);
	if (r >= 0)
		r = apt_text_config(apt->at.text, architecture, options, &config, err);
	if (r >= 0)
		r = write_below(folder, "apt.conf", config, err);
	if (r >= 0)
		r = write_below(folder, "etc/sources.d/debian.sources", sources, err);
	return r < 0 ? r : write_below(folder, "state/status", "", err);
}

int apt_open(struct apt *apt, struct bake *bake, const char *sources, struct error *err)
{
	static const char *const update[] = {"apt-get", "update", "--error-on=any", NULL};

	*apt = (struct apt){.bake = bake};
	int r = path_format(&apt->at, err, "/tmp/sandlot-apt-XXXXXX");
	if (r < 0)
		return r;
	if (!mkdtemp(apt->at.text)) {
		apt->at.text[0] = '\0';
		return error_set(err, -errno, "apt", "cannot make a folder in /tmp");
	}
	r = cache_begin(&bake->cache, &apt->folder, err);
	if (r >= 0)
		r = configure(apt, sources, err);
	return r < 0 ? r : run(apt, update, UPDATE_WALL_SEC, 0, NULL, err);
}

void apt_close(struct apt *apt)
{
	cache_abandon(apt->folder.text);
	if (apt->at.text[0])
		rmdir(apt->at.text);
	apt->folder.text[0] = apt->at.text[0] = '\0';
}

/* A command with words of a list behind it: NULL-terminated, both borrowed; free() it. */
static const char **words_with(const char *const *command, const json_t *words)
{
	size_t count = 0, i;
	json_t *word;

	while (command[count])
		count++;
	const char **argv = calloc(count + json_array_size(words) + 1, sizeof(*argv));
	if (!argv)
		return NULL;
	memcpy(argv, command, count * sizeof(*argv));
	json_array_foreach (words, i, word)
		argv[count + i] = json_string_value(word);
	return argv;
}

/* Runs a command on words and hands what it prints to read(). ret: new. */
static int ask(struct apt *apt, const char *const *command, const json_t *words, int may_fail,
	       int (*read)(const char *text, json_t **ret, struct error *err), json_t **ret,
	       struct error *err)
{
	_cleanup_free_ const char **argv = words_with(command, words);
	__attribute__((cleanup(child_result_fini))) struct child_result result = {.exit_code = 0};
	if (!argv)
		return error_set(err, -ENOMEM, "apt", "cannot ask apt");

	int r = run(apt, argv, ASK_WALL_SEC, may_fail, &result, err);
	return r < 0 ? r : read(result.stdout_data ? result.stdout_data : "", ret, err);
}

int apt_resolve(struct apt *apt, const json_t *names, json_t **ret_list, struct error *err)
{
	static const char *const command[] = {"apt-get", "install", "--yes", "--print-uris", NULL};
	json_auto_t *list = NULL;

	int r = ask(apt, command, names, 0, apt_text_uris, &list, err);
	if (r >= 0 && json_array_size(list) == 0)
		r = error_set_plain(err, -ENOENT, "apt", "apt-get would install nothing");
	if (r >= 0)
		*ret_list = json_incref(list);
	return r;
}

/* "NAME" or "NAME=VERSION" of each package. New, or NULL. */
static json_t *words_of(const json_t *list, int with_version)
{
	json_auto_t *words = json_array();
	size_t i;
	json_t *package;

	json_array_foreach (list, i, package) {
		const char *name = json_text(package, "name");
		json_t *word = with_version
				       ? json_sprintf("%s=%s", name, json_text(package, "version"))
				       : json_string(name);
		if (json_array_append_new(words, word) < 0)
			return NULL;
	}
	return json_incref(words);
}

/* Picks the packages of list that are among all, which has every version. */
static int pick(const json_t *list, const json_t *all, json_t *picked)
{
	size_t i, k;
	json_t *package, *other;

	json_array_foreach (list, i, package) {
		json_array_foreach (all, k, other)
			if (packages_are_same(package, other))
				break;
		if (k < json_array_size(all) && packages_add(picked, package) < 0)
			return -ENOMEM;
	}
	return 0;
}

int apt_available(struct apt *apt, const json_t *list, json_t **ret_list, struct error *err)
{
	static const char *const command[] = {"apt-cache", "show", "--all-versions", NULL};
	json_auto_t *names = words_of(list, 0);
	json_auto_t *picked = json_array();
	json_auto_t *all = NULL;
	if (!names || !picked)
		return error_set(err, -ENOMEM, "apt", "cannot ask apt");

	/* It fails when it knows none of the names. */
	int r = ask(apt, command, names, 1, apt_text_show, &all, err);
	if (r >= 0)
		r = pick(list, all, picked);
	if (r == -ENOMEM)
		return error_set(err, r, "apt", "cannot ask apt");
	if (r >= 0)
		*ret_list = json_incref(picked);
	return r;
}

int apt_download(struct apt *apt, const json_t *list, struct error *err)
{
	static const char *const command[] = {"apt-get", "download", NULL};
	json_auto_t *words = words_of(list, 1);
	_cleanup_free_ const char **argv = words ? words_with(command, words) : NULL;
	if (!argv)
		return error_set(err, -ENOMEM, "apt", "cannot download packages");

	return json_array_size(list) == 0 ? 0 : run(apt, argv, DOWNLOAD_WALL_SEC, 0, NULL, err);
}
