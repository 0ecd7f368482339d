#include "bake/crate_add.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/json.h"
#include "bake/tree.h"
#include "bake/vendor_fetch.h"
#include "base/clock.h"
#include "base/fd.h"

enum { CARGO_WALL_SEC = 1200, SET_FILE_MAX = 4 << 20 };

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

static const char *const set_files[] = {"Cargo.toml", "Cargo.lock"};
enum { SET_TOML, SET_LOCK, SET_FILES };

/* A word of these characters that cannot be taken for an option. */
static int is_word(const char *text, size_t len, const char *allowed)
{
	return len > 0 && text[0] != '-' && strspn(text, allowed) >= len;
}

static int check_spec(const struct crate_add_spec *spec, struct error *err)
{
	size_t name = strcspn(spec->crate, "@");
	const char *version = spec->crate[name] ? spec->crate + name + 1 : NULL;

	if (!is_word(spec->crate, name, LETTERS "_-") ||
	    (version && !is_word(version, strlen(version), LETTERS ".+-=^~*<>,")))
		return error_set_plain(err, -EINVAL, "crate",
				       "%s is no crate; write NAME or NAME@VERSION, such as rand "
				       "or rand@0.9",
				       spec->crate);
	if (spec->features && !is_word(spec->features, strlen(spec->features), LETTERS "_-+./,"))
		return error_set_plain(err, -EINVAL, "crate",
				       "%s are no features; write their names with commas "
				       "between",
				       spec->features);
	return 0;
}

static int read_file(const char *folder, const char *name, char **ret_text, size_t *ret_len,
		     struct error *err)
{
	struct path path;

	int r = path_format(&path, err, "%s/%s", folder, name);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = open(path.text, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "crate", "cannot open %s", path.text);
	r = fd_read_all(fd, SET_FILE_MAX, ret_text, ret_len);
	return r < 0 ? error_set(err, r, "crate", "cannot read %s", path.text) : 0;
}

static int read_lock(const char *folder, struct cargo_lock *ret_lock, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	int r = read_file(folder, set_files[SET_LOCK], &text, &len, err);
	return r < 0 ? r : cargo_lock_parse(text, set_files[SET_LOCK], ret_lock, err);
}

static int run_cargo(struct bake *bake, const struct crate_add *add, const char *const *words,
		     struct child_result *ret_result, struct error *err)
{
	const char *argv[16] = {"cargo"};
	/* What resolver 3 does, for sets that do not name it. */
	const char *const env[] = {"CARGO_TERM_COLOR=never",
				   "CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback", NULL};
	char what[64];
	size_t n = 1;

	for (size_t i = 0; words[i] && n + 1 < sizeof(argv) / sizeof(argv[0]); i++)
		argv[n++] = words[i];
	snprintf(what, sizeof(what), "cargo %s", words[0]);
	const struct child_spec spec = {.argv = argv,
					.env = env,
					.cwd = add->folder.text,
					.keep_fd = -EBADF,
					.capture_stdout = ret_result != NULL,
					.wall_usec = CARGO_WALL_SEC * USEC_PER_SEC};
	return bake_tool(bake, what, &spec, ret_result, err);
}

/* What cargo knows of the packages, of this machine's platform only. */
static int read_metadata(struct bake *bake, struct crate_add *add, const char *platform,
			 struct error *err)
{
	const char *const words[] = {"metadata", "--locked",	      "--format-version",
				     "1",	 "--filter-platform", platform,
				     NULL};
	__attribute__((cleanup(child_result_fini))) struct child_result result = {.exit_code = 0};

	int r = run_cargo(bake, add, words, &result, err);
	if (r < 0)
		return r;
	add->metadata = json_loads(result.stdout_data ? result.stdout_data : "", 0, NULL);
	if (!json_is_array(json_object_get(add->metadata, "packages")))
		return error_set_plain(err, -EIO, "crate", "cargo metadata printed something else");
	return 0;
}

/* "host: …" of `cargo -vV`. */
static int find_platform(struct bake *bake, const struct crate_add *add, char *ret, size_t size,
			 struct error *err)
{
	static const char *const words[] = {"-vV", NULL};
	__attribute__((cleanup(child_result_fini))) struct child_result result = {.exit_code = 0};

	int r = run_cargo(bake, add, words, &result, err);
	if (r < 0)
		return r;
	const char *host = result.stdout_data ? strstr(result.stdout_data, "\nhost: ") : NULL;
	if (!host)
		return error_set_plain(err, -EIO, "crate", "cargo -vV names no host");
	host += strlen("\nhost: ");
	snprintf(ret, size, "%.*s", (int)strcspn(host, "\n"), host);
	return 0;
}

static int work_out(struct bake *bake, const struct crate_add_spec *spec, struct crate_add *add,
		    struct error *err)
{
	const char *const add_words[] = {"add", spec->crate, spec->features ? "--features" : NULL,
					 spec->features, NULL};
	static const char *const update[] = {"update", "--workspace", NULL};
	static const char *const fetch[] = {"fetch", "--locked", NULL};
	char platform[64];

	int r = run_cargo(bake, add, add_words, NULL, err);
	if (r >= 0)
		r = run_cargo(bake, add, update, NULL, err);
	if (r >= 0)
		r = read_lock(add->folder.text, &add->now, err);
	if (r >= 0)
		r = run_cargo(bake, add, fetch, NULL, err);
	if (r >= 0)
		r = find_platform(bake, add, platform, sizeof(platform), err);
	return r < 0 ? r : read_metadata(bake, add, platform, err);
}

int crate_add_prepare(struct bake *bake, const struct crate_add_spec *spec,
		      struct crate_add *ret_add, struct error *err)
{
	const char *temporary = getenv("TMPDIR");

	*ret_add = (struct crate_add){.metadata = NULL};
	int r = check_spec(spec, err);
	if (r >= 0)
		r = read_lock(spec->set, &ret_add->was, err);
	if (r >= 0)
		r = path_format(&ret_add->folder, err, "%s/sandlot-crate-XXXXXX",
				temporary && *temporary ? temporary : "/tmp");
	if (r < 0)
		return r;
	if (!mkdtemp(ret_add->folder.text)) {
		r = error_set(err, -errno, "crate", "cannot make %s", ret_add->folder.text);
		ret_add->folder.text[0] = '\0';
		return r;
	}
	r = vendor_copy_set(spec->set, ret_add->folder.text, err);
	return r < 0 ? r : work_out(bake, spec, ret_add, err);
}

int crate_add_has(const struct cargo_lock *lock, const struct cargo_package *package)
{
	for (size_t i = 0; i < lock->count; i++)
		if (strcmp(lock->packages[i].name, package->name) == 0 &&
		    strcmp(lock->packages[i].version, package->version) == 0)
			return 1;
	return 0;
}

static const json_t *find_package(const json_t *metadata, const struct cargo_package *package)
{
	size_t i;
	json_t *item;

	json_array_foreach (json_object_get(metadata, "packages"), i, item) {
		const char *name = json_text(item, "name"), *version = json_text(item, "version");
		if (name && version && strcmp(name, package->name) == 0 &&
		    strcmp(version, package->version) == 0)
			return item;
	}
	return NULL;
}

static int has_kind(const json_t *package, const char *wanted)
{
	size_t i, k;
	json_t *target, *kind;

	json_array_foreach (json_object_get(package, "targets"), i, target)
		json_array_foreach (json_object_get(target, "kind"), k, kind)
			if (json_is_string(kind) && strcmp(json_string_value(kind), wanted) == 0)
				return 1;
	return 0;
}

void crate_add_facts(const struct crate_add *add, const struct cargo_package *package,
		     struct crate_facts *ret_facts)
{
	const json_t *found = find_package(add->metadata, package);
	const char *licence = found ? json_text(found, "license") : NULL;

	*ret_facts = (struct crate_facts){
		.licence = licence ? licence : "?",
		.bytes = vendor_downloaded_bytes(package->name, package->version),
		.is_compiled = found != NULL,
		.has_build_script = has_kind(found, "custom-build"),
		.is_proc_macro = has_kind(found, "proc-macro"),
	};
}

static int replace(const char *set, int file, const char *text, size_t len, struct error *err)
{
	struct path path;

	int r = path_format(&path, err, "%s/%s", set, set_files[file]);
	return r < 0 ? r : path_write_file(path.text, 0644, text, len, err);
}

int crate_add_commit(const struct crate_add *add, const char *set, struct error *err)
{
	_cleanup_free_ char *toml = NULL, *lock = NULL, *old = NULL;
	size_t toml_len, lock_len, old_len;

	int r = read_file(add->folder.text, set_files[SET_TOML], &toml, &toml_len, err);
	if (r >= 0)
		r = read_file(add->folder.text, set_files[SET_LOCK], &lock, &lock_len, err);
	if (r >= 0)
		r = read_file(set, set_files[SET_LOCK], &old, &old_len, err);
	if (r >= 0)
		r = replace(set, SET_LOCK, lock, lock_len, err);
	if (r < 0)
		return r;
	r = replace(set, SET_TOML, toml, toml_len, err);
	if (r < 0)
		replace(set, SET_LOCK, old, old_len, NULL);
	return r;
}

void crate_add_fini(struct crate_add *add)
{
	if (add->folder.text[0])
		tree_remove(add->folder.text, NULL);
	cargo_lock_fini(&add->was);
	cargo_lock_fini(&add->now);
	json_decref(add->metadata);
	*add = (struct crate_add){.metadata = NULL};
}
