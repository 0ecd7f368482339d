#include "bake/folder_files.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>
#include <unistd.h>

#include "bake/path.h"
#include "bake/tree.h"

struct walk {
	const struct folder_files *files;
	struct digest *digest; /* NULL: copy */
	const char *copy_to;
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

	if (!patterns)
		return 1;
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

static int take_link(const struct walk *walk, const struct tree_entry *entry, const char *to,
		     struct error *err)
{
	char target[PATH_MAX];
	ssize_t n = readlink(entry->full_path, target, sizeof(target) - 1);
	if (n < 0)
		return error_set(err, -errno, "files", "cannot read the link %s", entry->full_path);
	target[n] = '\0';
	if (!path_target_is_inside(entry->path, target))
		return error_set_plain(err, -EINVAL, "files",
				       "%s is a link to %s, outside of its folder",
				       entry->full_path, target);
	if (walk->digest)
		digest_field_text(walk->digest, "link", target);
	else if (symlink(target, to) < 0)
		return error_set(err, -errno, "files", "cannot make the link %s", to);
	return 0;
}

static int take_file(const struct walk *walk, const struct tree_entry *entry, const char *to,
		     struct error *err)
{
	const struct stat *st = entry->st;
	mode_t mode = st->st_mode & 0111 ? 0755 : 0644;

	if (walk->digest) {
		const int64_t facts[] = {st->st_size, st->st_mtim.tv_sec, st->st_mtim.tv_nsec,
					 (int64_t)st->st_ino, mode};
		digest_field(walk->digest, "facts", facts, sizeof(facts));
		return 0;
	}
	int r = tree_copy_file(entry->full_path, to, mode, NULL, err);
	const char *slash = strrchr(entry->path, '/');
	if (r >= 0)
		progress_add(walk->progress, slash ? slash + 1 : entry->path,
			     (uint64_t)st->st_size);
	return r;
}

static int visit(void *owner, const struct tree_entry *entry, struct error *err)
{
	const struct walk *walk = owner;
	const struct folder_files *files = walk->files;
	struct path to = {.text = ""};
	int r = 0;

	if (S_ISDIR(entry->st->st_mode))
		return !may_hold_wanted(files->keep, entry->path);
	if ((files->keep && !matches(files->keep, entry->path)) ||
	    matches(files->drop, entry->path))
		return 0;
	if (walk->digest) {
		digest_field_text(walk->digest, "path", entry->path);
	} else {
		r = path_format(&to, err, "%s/%s", walk->copy_to, entry->path);
		if (r >= 0)
			r = make_parent(to.text, err);
	}
	if (r < 0)
		return r;
	return S_ISLNK(entry->st->st_mode) ? take_link(walk, entry, to.text, err)
					   : take_file(walk, entry, to.text, err);
}

int folder_files_identity(const struct folder_files *files, char ret_hex[DIGEST_HEX_SIZE],
			  struct error *err)
{
	struct digest digest;
	struct walk walk = {.files = files, .digest = &digest};

	digest_begin(&digest);
	int r = tree_walk(files->folder, visit, &walk, err);
	if (r < 0) {
		digest_drop(&digest);
		return r;
	}
	return digest_end(&digest, ret_hex, err);
}

int folder_files_copy(const struct folder_files *files, const char *to, struct progress *progress,
		      struct error *err)
{
	struct walk walk = {.files = files, .copy_to = to, .progress = progress};

	int r = path_make_folders(to, err);
	return r < 0 ? r : tree_walk(files->folder, visit, &walk, err);
}
