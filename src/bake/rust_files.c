#include "bake/rust_files.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include "bake/path.h"
#include "bake/tree.h"

struct files {
	const json_t *keep, *drop;
	struct digest digest;
	const char *copy_to; /* NULL: only size, time and inode are looked at */
	struct progress *progress;
};

static int matches(const json_t *patterns, const char *path)
{
	size_t i;
	json_t *pattern;

	/* Without FNM_PATHNAME: "lib/" and a star mean everything below. */
	json_array_foreach (patterns, i, pattern)
		if (fnmatch(json_string_value(pattern), path, 0) == 0)
			return 1;
	return 0;
}

/* Can a folder have anything that is kept? Spares walking tens of thousands of pages of
 * documentation. */
static int may_hold_wanted(const json_t *patterns, const char *folder)
{
	size_t i, len = strcspn(folder, "/");
	json_t *pattern;

	json_array_foreach (patterns, i, pattern)
		if (len == 0 || (strncmp(json_string_value(pattern), folder, len) == 0 &&
				 json_string_value(pattern)[len] == '/'))
			return 1;
	return 0;
}

static int make_parent(const char *path, struct error *err)
{
	struct path parent;
	int r = path_format(&parent, err, "%s", path);
	if (r < 0)
		return r;
	char *slash = strrchr(parent.text, '/');
	*slash = '\0';
	return path_exists(parent.text) ? 0 : path_make_folders(parent.text, err);
}

static int take_link(struct files *files, const struct tree_entry *entry, const char *to,
		     struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlink(entry->full_path, target, sizeof(target) - 1);
	if (n < 0)
		return error_set(err, -errno, "rust", "cannot read the link %s", entry->full_path);
	target[n] = '\0';
	if (!path_target_is_inside(entry->path, target))
		return error_set_plain(err, -EINVAL, "rust",
				       "%s is a link to %s, outside of the tool chain",
				       entry->full_path, target);
	digest_field_text(&files->digest, "link", target);
	if (!files->copy_to)
		return 0;
	if (symlink(target, to) < 0)
		return error_set(err, -errno, "rust", "cannot make the link %s", to);
	return 0;
}

static int take_file(struct files *files, const struct tree_entry *entry, const char *to,
		     struct error *err)
{
	const struct stat *st = entry->st;
	mode_t mode = st->st_mode & 0111 ? 0755 : 0644;
	char hex[DIGEST_HEX_SIZE];

	if (!files->copy_to) {
		const int64_t facts[] = {st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
					 (int64_t)st->st_ino, mode};
		digest_field(&files->digest, "facts", facts, sizeof(facts));
		return 0;
	}
	/* What is hashed is the copy: what is in the image is what was hashed. */
	int r = tree_copy_file(entry->full_path, to, mode, NULL, err);
	if (r >= 0)
		r = digest_file(to, hex, NULL, err);
	if (r < 0)
		return r;
	digest_field_text(&files->digest, mode == 0755 ? "program" : "file", hex);
	const char *slash = strrchr(entry->path, '/');
	progress_add(files->progress, slash ? slash + 1 : entry->path, (uint64_t)st->st_size);
	return 0;
}

static int visit(void *owner, const struct tree_entry *entry, struct error *err)
{
	struct files *files = owner;
	struct path to = {.text = ""};

	if (S_ISDIR(entry->st->st_mode))
		return !may_hold_wanted(files->keep, entry->path);
	if (!matches(files->keep, entry->path) || matches(files->drop, entry->path))
		return 0;
	digest_field_text(&files->digest, "path", entry->path);
	int r = 0;
	if (files->copy_to)
		r = path_format(&to, err, "%s/%s", files->copy_to, entry->path);
	if (r >= 0 && files->copy_to)
		r = make_parent(to.text, err);
	if (r < 0)
		return r;
	return S_ISLNK(entry->st->st_mode) ? take_link(files, entry, to.text, err)
					   : take_file(files, entry, to.text, err);
}

static int walk(struct files *files, const char *toolchain, const json_t *rust,
		char ret_hex[DIGEST_HEX_SIZE], struct error *err)
{
	files->keep = json_object_get(rust, "keep");
	files->drop = json_object_get(rust, "drop");
	digest_begin(&files->digest);
	int r = tree_walk(toolchain, visit, files, err);
	if (r < 0) {
		digest_drop(&files->digest);
		return r;
	}
	return digest_end(&files->digest, ret_hex, err);
}

int rust_files_identity(const char *toolchain, const json_t *rust, char ret_hex[DIGEST_HEX_SIZE],
			struct error *err)
{
	struct files files = {.copy_to = NULL};
	return walk(&files, toolchain, rust, ret_hex, err);
}

int rust_files_copy(const char *toolchain, const json_t *rust, const char *to,
		    struct progress *progress, char ret_hex[DIGEST_HEX_SIZE], struct error *err)
{
	struct files files = {.copy_to = to, .progress = progress};
	return walk(&files, toolchain, rust, ret_hex, err);
}
