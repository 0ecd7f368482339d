#include "bake/dist_manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "bake/confined.h"
#include "bake/json.h"
#include "bake/lock.h"
#include "bake/path.h"
#include "bake/toml.h"
#include "base/fd.h"

/* Copies a text that may not be cut. Returns 0 or -EINVAL. */
static int copy(const char *text, char *ret_text, size_t size)
{
	int n = text ? snprintf(ret_text, size, "%s", text) : -1;

	return n < 0 || (size_t)n >= size ? -EINVAL : 0;
}

/*
 * "https://…/dist/2025-05-15/cargo-1.87.0-TARGET.tar.xz": the path below dist/, whatever server is
 * named, and the folder in the archive, which has its name.
 */
static int take_address(const char *address, struct dist_component *component)
{
	const char *path = address ? strstr(address, "/dist/") : NULL;

	if (!path || copy(path + strlen("/dist/"), component->path, sizeof(component->path)) < 0 ||
	    !path_is_below(component->path))
		return -EINVAL;
	const char *slash = strrchr(component->path, '/');
	const char *name = slash ? slash + 1 : component->path, *end = strstr(name, ".tar.");
	if (!end || end == name)
		return -EINVAL;
	snprintf(component->top, sizeof(component->top), "%.*s", (int)(end - name), name);
	return 0;
}

/* The table of the component for the target. Borrowed, or NULL. */
static const json_t *find_package(const json_t *top, const char *name, const char *target)
{
	const json_t *packages = json_object_get(top, "pkg");
	const json_t *rename = json_object_get(json_object_get(top, "renames"), name);
	const json_t *package = json_object_get(packages, name);

	if (!package && rename)
		package = json_object_get(packages, json_text(rename, "to"));
	const json_t *targets = json_object_get(package, "target");
	const json_t *found = json_object_get(targets, target);
	found = found ? found : json_object_get(targets, "*");
	return json_is_true(json_object_get(found, "available")) ? found : NULL;
}

static int take_component(const json_t *top, const char *name, const char *target,
			  struct dist_component *component, struct error *err)
{
	const json_t *found = find_package(top, name, target);
	const int has_xz = json_text(found, "xz_url") && json_text(found, "xz_hash");
	const char *sum = json_text(found, has_xz ? "xz_hash" : "hash");

	if (!found)
		return error_set_plain(err, -ENOENT, "dist", "it has no component %s for %s", name,
				       target);
	if (copy(name, component->name, sizeof(component->name)) < 0 ||
	    take_address(json_text(found, has_xz ? "xz_url" : "url"), component) < 0 || !sum ||
	    !digest_is_hex(sum))
		return error_set_plain(err, -EINVAL, "dist",
				       "what it says of the component %s is not understood", name);
	return copy(sum, component->sha256, sizeof(component->sha256));
}

static int take_all(const json_t *top, const char *target, const json_t *wanted,
		    struct dist_manifest *manifest, struct error *err)
{
	const json_t *rustc = json_object_get(json_object_get(top, "pkg"), "rustc");
	const char *form = json_text(top, "manifest-version");
	size_t i;
	json_t *name;

	if (!form || strcmp(form, "2") != 0)
		return error_set_plain(err, -EINVAL, "dist", "its manifest-version is not \"2\"");
	if (copy(json_text(top, "date"), manifest->date, sizeof(manifest->date)) < 0)
		return error_set_plain(err, -EINVAL, "dist", "it has no date");
	if (copy(json_text(rustc, "version"), manifest->version, sizeof(manifest->version)) < 0)
		manifest->version[0] = '\0';
	if (json_array_size(wanted) > DIST_COMPONENTS_MAX)
		return error_set_plain(err, -EINVAL, "dist", "more than %d components are wanted",
				       DIST_COMPONENTS_MAX);
	json_array_foreach (wanted, i, name) {
		int r = take_component(top, json_string_value(name), target,
				       &manifest->components[i], err);
		if (r < 0)
			return r;
		manifest->component_count++;
	}
	return 0;
}

int dist_manifest_parse(const char *text, size_t len, const char *target, const json_t *wanted,
			struct dist_manifest *ret_manifest, struct error *err)
{
	json_auto_t *top = NULL;

	*ret_manifest = (struct dist_manifest){.date = ""};
	int r = toml_parse(text, len, "it", &top, err);
	return r < 0 ? r : take_all(top, target, wanted, ret_manifest, err);
}

struct reading {
	int fd;
	const char *target;
	const json_t *wanted;
};

/* In the confined child. */
static int work(void *owner, void *result, struct error *err)
{
	const struct reading *reading = owner;
	_cleanup_free_ char *text = NULL;
	size_t len;

	int r = fd_read_all(reading->fd, DIST_MANIFEST_MAX, &text, &len);
	if (r < 0)
		return error_set(err, r, "dist", "it cannot be read");
	return dist_manifest_parse(text, len, reading->target, reading->wanted, result, err);
}

static int has_end(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

/* What a child made up would be refused: it becomes names of files, and text on a terminal. */
static int check(const struct dist_manifest *manifest, const json_t *wanted)
{
	if (!has_end(manifest->date, sizeof(manifest->date)) || !lock_is_date(manifest->date) ||
	    !has_end(manifest->version, sizeof(manifest->version)) ||
	    manifest->component_count != json_array_size(wanted))
		return -EINVAL;
	for (const char *at = manifest->version; *at; at++)
		if (*at < ' ' || *at >= 0x7f)
			return -EINVAL;
	for (size_t i = 0; i < manifest->component_count; i++) {
		const struct dist_component *component = &manifest->components[i];
		if (!has_end(component->name, sizeof(component->name)) ||
		    strcmp(component->name, json_string_value(json_array_get(wanted, i))) != 0 ||
		    !has_end(component->path, sizeof(component->path)) ||
		    !path_is_below(component->path) ||
		    !has_end(component->top, sizeof(component->top)) ||
		    !path_is_below(component->top) ||
		    !has_end(component->sha256, sizeof(component->sha256)) ||
		    !digest_is_hex(component->sha256))
			return -EINVAL;
	}
	return 0;
}

int dist_manifest_read(struct cache *cache, const char *path, const char *name, const char *target,
		       const json_t *wanted, struct dist_manifest *ret_manifest, struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct reading reading = {.fd = fd, .target = target, .wanted = wanted};
	struct error why = {.code = 0};
	struct path folder = {.text = ""};

	if (fd < 0)
		return error_set(err, -errno, "dist", "cannot open %s", path);
	int r = cache_begin(cache, &folder, err);
	if (r < 0)
		return r;
	_cleanup_fd_ int folder_fd = open(folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct confined_spec spec = {.what = name, .folder_fd = folder_fd, .input_fd = fd};
	r = folder_fd < 0 ? -errno
			  : confined_run(&spec, work, &reading, ret_manifest, sizeof(*ret_manifest),
					 &why);
	cache_abandon(folder.text);
	if (r >= 0)
		r = check(ret_manifest, wanted);
	if (r == -EINTR)
		return error_set_plain(err, r, why.step, "%s", why.text);
	return r < 0 ? error_set_plain(err, r, "dist", "%s: %.150s", name,
				       why.text[0] ? why.text : "it is not understood")
		     : 0;
}
