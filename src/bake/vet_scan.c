#include "bake/vet_scan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "bake/json.h"
#include "bake/path.h"
#include "bake/toml.h"
#include "bake/tree.h"
#include "bake/vet_rust.h"
#include "base/fd.h"
#include "image/digest.h"

enum { HEAD_SIZE = 8 };

struct scan {
	const char *folder, *name, *version;
	struct vet_facts *facts;
};

static int refuse(const struct scan *scan, struct error *err, const char *why)
{
	return error_set_plain(err, -EBADMSG, "vet", "%s %s: %s", scan->name, scan->version, why);
}

/* Appends {path, sha256}. path: below the crate's folder. */
static int add_file(const struct scan *scan, json_t *list, const char *path, struct error *err)
{
	char hex[DIGEST_HEX_SIZE];
	struct path full;

	int r = path_format(&full, err, "%s/%s", scan->folder, path);
	if (r >= 0)
		r = digest_file(full.text, hex, NULL, err);
	if (r < 0)
		return r;
	json_t *entry = json_pack("{s:s, s:s}", "path", path, "sha256", hex);
	if (!entry)
		return refuse(scan, err, "a file's name is not UTF-8");
	return json_array_append_new(list, entry);
}

/* ---- Cargo.toml ---- */

static int read_manifest(const struct scan *scan, json_t **ret_manifest, struct error *err)
{
	struct path path;
	_cleanup_free_ char *text = NULL;
	size_t len;

	int r = path_format(&path, err, "%s/Cargo.toml", scan->folder);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = open(path.text, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return refuse(scan, err, "there is no Cargo.toml that can be read");
	r = fd_read_all(fd, TOML_BYTES_MAX, &text, &len);
	if (r < 0)
		return error_set(err, r, "vet", "cannot read %s", path.text);
	r = toml_parse(text, len, path.text, ret_manifest, err);
	return r == -EINVAL ? -EBADMSG : r;
}

/* A text of [package], which may be missing: ret is then empty. */
static int take_text(const struct scan *scan, const json_t *package, const char *key, char *ret,
		     size_t size, struct error *err)
{
	const json_t *value = json_object_get(package, key);
	char why[ERROR_TEXT_MAX / 2];

	ret[0] = '\0';
	if (!value)
		return 0;
	snprintf(why, sizeof(why), "package.%s in its Cargo.toml is no text, or too long", key);
	if (!json_is_string(value) || json_string_length(value) >= size)
		return refuse(scan, err, why);
	memcpy(ret, json_string_value(value), json_string_length(value) + 1);
	return 0;
}

static int check_identity(const struct scan *scan, const json_t *package, struct error *err)
{
	const char *name = json_text(package, "name"), *version = json_text(package, "version");

	if (!name || !version || strcmp(name, scan->name) != 0 ||
	    strcmp(version, scan->version) != 0)
		return refuse(scan, err, "its Cargo.toml is of another crate or version");
	return 0;
}

/* LICENSE, LICENCE-MIT, COPYING, UNLICENSE.txt …, at the crate's top. */
static int is_licence_file(const char *path)
{
	static const char *const words[] = {"LICENSE", "LICENCE", "COPYING", "UNLICENSE"};

	if (strchr(path, '/'))
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncasecmp(path, words[i], strlen(words[i])) == 0)
			return 1;
	return 0;
}

static int take_licence(const struct scan *scan, const json_t *package, struct error *err)
{
	char said[LICENCE_SIZE], file[PATH_MAX];

	int r = take_text(scan, package, "license", said, sizeof(said), err);
	if (r >= 0)
		r = take_text(scan, package, "license-file", file, sizeof(file), err);
	if (r < 0)
		return r;
	if (said[0] && licence_normalise(said, scan->facts->licence) < 0)
		return refuse(scan, err, "package.license is no licence expression");
	if (file[0] && path_is_below(file) && !is_licence_file(file))
		return add_file(scan, scan->facts->licence_files, file, err);
	return 0;
}

/* build = "FILE", false, an array of files, or nothing: then build.rs counts when it is there. */
static int take_build(const struct scan *scan, const json_t *package, struct error *err)
{
	const json_t *build = json_object_get(package, "build");
	json_t *list = scan->facts->build_scripts;
	struct path path;
	size_t i;
	json_t *item;

	if (json_is_false(build))
		return 0;
	if (!build || json_is_true(build)) {
		int r = path_format(&path, err, "%s/build.rs", scan->folder);
		if (r < 0 || !path_exists(path.text))
			return r;
		scan->facts->build_script = 1;
		return add_file(scan, list, "build.rs", err);
	}
	json_auto_t *files =
		json_is_string(build) ? json_pack("[O]", build) : json_incref((json_t *)build);
	if (!json_is_array(files))
		return refuse(scan, err, "package.build is neither a text nor false");
	json_array_foreach (files, i, item) {
		const char *file = json_string_value(item);
		if (!file || !path_is_below(file))
			return refuse(scan, err, "package.build names no file of the crate");
		scan->facts->build_script = 1;
		int r = add_file(scan, list, file, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_manifest(const struct scan *scan, const json_t *manifest, struct error *err)
{
	const json_t *package = json_object_get(manifest, "package");
	const json_t *lib = json_object_get(manifest, "lib");

	int r = check_identity(scan, package, err);
	if (r >= 0)
		r = take_licence(scan, package, err);
	if (r >= 0)
		r = take_build(scan, package, err);
	if (r >= 0)
		r = take_text(scan, package, "links", scan->facts->links,
			      sizeof(scan->facts->links), err);
	scan->facts->proc_macro = json_is_true(json_object_get(lib, "proc-macro")) ||
				  json_is_true(json_object_get(lib, "proc_macro"));
	return r;
}

/* ---- the files ---- */

static int has_suffix(const char *path, const char *const *suffixes)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	if (dot)
		for (; *suffixes; suffixes++)
			if (strcasecmp(dot + 1, *suffixes) == 0)
				return 1;
	return 0;
}

int vet_is_native(const char *path, const void *head, size_t len)
{
	static const char *const suffixes[] = {"c",   "cc",  "cpp", "cxx", "h",	  "hh",	   "hpp",
					       "hxx", "m",   "mm",  "s",   "asm", "o",	   "obj",
					       "a",   "lib", "so",  "dll", "exe", "dylib", "wasm",
					       "cu",  "f",   "f90", "ll",  "bc",  NULL};
	static const struct {
		size_t len;
		const char *bytes;
	} magics[] = {
		{4, "\177ELF"},		 {8, "!<arch>\n"},	  {4, "\0asm"},
		{4, "\xcf\xfa\xed\xfe"}, {4, "\xca\xfe\xba\xbe"}, {4, "BC\xc0\xde"},
		{4, "MZ\x90\0"},
	};

	if (has_suffix(path, suffixes))
		return 1;
	for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++)
		if (len >= magics[i].len && memcmp(head, magics[i].bytes, magics[i].len) == 0)
			return 1;
	return 0;
}

static int count_unsafe(const struct scan *scan, int fd, const char *path, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	int r = fd_read_all(fd, VET_SOURCE_MAX, &text, &len);
	if (r < 0)
		return error_set(err, r, "vet", "cannot read %s of %s", path, scan->name);
	scan->facts->rust_files++;
	scan->facts->unsafe_occurrences += vet_rust_unsafe(text, len);
	return 0;
}

static int scan_visit(void *owner, const struct tree_entry *entry, struct error *err)
{
	static const char *const rust[] = {"rs", NULL};
	const struct scan *scan = owner;
	struct vet_facts *facts = scan->facts;
	char head[HEAD_SIZE];

	if (!S_ISREG(entry->st->st_mode))
		return 0;
	if (is_licence_file(entry->path))
		return add_file(scan, facts->licence_files, entry->path, err);
	_cleanup_fd_ int fd = open(entry->full_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return error_set(err, -errno, "vet", "cannot open %s", entry->full_path);
	if (has_suffix(entry->path, rust))
		return count_unsafe(scan, fd, entry->path, err);
	ssize_t n = read(fd, head, sizeof(head));
	if (n < 0)
		return error_set(err, -errno, "vet", "cannot read %s", entry->full_path);
	if (!vet_is_native(entry->path, head, (size_t)n))
		return 0;
	facts->native_files++;
	return json_array_size(facts->natives) < VET_LIST_MAX
		       ? add_file(scan, facts->natives, entry->path, err)
		       : 0;
}

int vet_scan(const char *folder, const char *name, const char *version, struct vet_facts *ret_facts,
	     struct error *err)
{
	struct vet_facts facts = {.licence_files = json_array(),
				  .build_scripts = json_array(),
				  .natives = json_array()};
	const struct scan scan = {folder, name, version, &facts};
	json_auto_t *manifest = NULL;
	int r = 0;

	if (!facts.licence_files || !facts.build_scripts || !facts.natives)
		r = error_set(err, -ENOMEM, "vet", "cannot read %s", name);
	if (r >= 0)
		r = read_manifest(&scan, &manifest, err);
	if (r >= 0)
		r = take_manifest(&scan, manifest, err);
	if (r >= 0)
		r = tree_walk(folder, scan_visit, (void *)&scan, err);
	if (r < 0) {
		vet_facts_fini(&facts);
		return r;
	}
	*ret_facts = facts;
	return 0;
}

void vet_facts_fini(struct vet_facts *facts)
{
	json_decref(facts->licence_files);
	json_decref(facts->build_scripts);
	json_decref(facts->natives);
	*facts = (struct vet_facts){.licence_files = NULL};
}
