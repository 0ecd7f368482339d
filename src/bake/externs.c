#include "bake/externs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

enum { MESSAGE_MAX = 1 << 20, ID_SIZE = CARGO_TEXT_SIZE };

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* NAME-VERSION of a message's crate: the folder we unpacked it to, from its manifest's path. */
static int is_of_package(const json_t *message, const struct cargo_package *package)
{
	char folder[2 * CARGO_TEXT_SIZE + 16];
	const char *manifest = json_string_value(json_object_get(message, "manifest_path"));

	if (!manifest)
		return 0;
	snprintf(folder, sizeof(folder), "/%s-%s/Cargo.toml", package->name, package->version);
	size_t len = strlen(manifest), want = strlen(folder);
	return len > want && strcmp(manifest + len - want, folder) == 0;
}

static int is_library(const json_t *target)
{
	const json_t *kinds = json_object_get(target, "kind");
	size_t i;
	json_t *kind;

	json_array_foreach (kinds, i, kind) {
		const char *text = json_string_value(kind);
		if (text && (strcmp(text, "lib") == 0 || strcmp(text, "rlib") == 0 ||
			     strcmp(text, "proc-macro") == 0))
			return 1;
	}
	return 0;
}

/* Where cargo puts what is compiled for the machine that compiles: macros, build scripts, and the
 * libraries those use, which no program is linked with. */
#define HOST_FOLDER "/target/release/"

/* The file rustc is to be pointed at: the .rlib, or the .so of a procedural macro. Borrowed; NULL:
 * none. */
static const char *library_file(const json_t *message)
{
	size_t i;
	json_t *item;

	json_array_foreach (json_object_get(message, "filenames"), i, item) {
		const char *path = json_string_value(item) ? json_string_value(item) : "";
		const char *name = base_name(path);
		size_t len = strlen(name);
		int wanted = (len > 5 && strcmp(name + len - 5, ".rlib") == 0 &&
			      !strstr(path, HOST_FOLDER)) ||
			     (len > 3 && strcmp(name + len - 3, ".so") == 0);
		if (wanted &&
		    name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-")] == '\0')
			return name;
	}
	return NULL;
}

/* All artefact messages, so that each crate can be looked for. ret: new array. */
static int read_messages(const char *messages, json_t **ret, struct error *err)
{
	json_t *list = json_array();
	if (!list)
		return error_set(err, -ENOMEM, "externs", "cannot read cargo's messages");
	for (const char *at = messages; *at;) {
		size_t len = strcspn(at, "\n");
		json_auto_t *message = NULL;
		if (len > 0 && len <= MESSAGE_MAX)
			message = json_loadb(at, len, 0, NULL);
		const char *reason = json_string_value(json_object_get(message, "reason"));
		if (len > 0 && !reason) {
			json_decref(list);
			return error_set_plain(err, -EINVAL, "externs",
					       "cargo printed a line that is no message");
		}
		if (reason && strcmp(reason, "compiler-artifact") == 0)
			json_array_append(list, message);
		at += len + (at[len] == '\n');
	}
	*ret = list;
	return 0;
}

static const json_t *find_message(const json_t *list, const struct cargo_package *package)
{
	size_t i;
	json_t *message;

	json_array_foreach (list, i, message)
		if (is_of_package(message, package) &&
		    is_library(json_object_get(message, "target")) && library_file(message))
			return message;
	return NULL;
}

static int add_crate(FILE *out, json_t *crates, const json_t *list, const char *folder,
		     const struct cargo_package *package, struct error *err)
{
	const json_t *message = find_message(list, package);
	const char *name =
		json_string_value(json_object_get(json_object_get(message, "target"), "name"));
	char id[ID_SIZE];

	if (!name || strlen(name) >= sizeof(id))
		return error_set_plain(err, -EINVAL, "externs",
				       "cargo built no library of %s %s, which the set names",
				       package->name, package->version);
	snprintf(id, sizeof(id), "%s", name);
	for (char *at = id; *at; at++)
		if (*at == '-')
			*at = '_';
	if (id[strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")])
		return error_set_plain(err, -EINVAL, "externs", "%s has the odd library name %s",
				       package->name, id);
	fprintf(out, "--extern=%s=%s/%s\n", id, folder, library_file(message));
	if (json_array_append_new(crates, json_pack("{s:s, s:s, s:s}", "name", package->name,
						    "version", package->version, "id", id)) < 0)
		return error_set(err, -ENOMEM, "externs", "cannot list the crates");
	return 0;
}

static int add_all(FILE *out, json_t *crates, const json_t *list, const struct cargo_lock *lock,
		   const char *folder, struct error *err)
{
	const struct cargo_package *root = cargo_lock_root(lock);
	int r = 0;

	fprintf(out, "-Ldependency=%s\n", folder);
	for (size_t i = 0; i < root->dependency_count && r >= 0; i++) {
		const struct cargo_package *package = cargo_lock_find(lock, root->dependencies[i]);
		r = package ? add_crate(out, crates, list, folder, package, err)
			    : error_set_plain(err, -EINVAL, "externs",
					      "Cargo.lock does not have exactly one %s",
					      root->dependencies[i]);
	}
	return r;
}

int externs_make(const char *messages, const struct cargo_lock *lock, const char *folder,
		 char **ret_args, json_t **ret_crates, struct error *err)
{
	json_auto_t *list = NULL;
	json_auto_t *crates = json_array();
	_cleanup_free_ char *args = NULL;
	size_t size;

	int r = read_messages(messages, &list, err);
	if (r < 0)
		return r;
	FILE *out = crates ? open_memstream(&args, &size) : NULL;
	if (!out)
		return error_set(err, -ENOMEM, "externs", "cannot list the crates");
	r = add_all(out, crates, list, lock, folder, err);
	if (fclose(out) != 0 && r >= 0)
		r = error_set(err, -ENOMEM, "externs", "cannot list the crates");
	if (r < 0)
		return r;
	*ret_args = TAKE_PTR(args);
	*ret_crates = json_incref(crates);
	return 0;
}
