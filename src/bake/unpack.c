#include "bake/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/confined.h"
#include "bake/names.h"
#include "bake/path.h"
#include "base/fd.h"

enum { READ_BLOCK = 1 << 16 };

struct unpack {
	const char *name; /* the archive's, for messages */
	const struct unpack_rules *rules;
	int is_deb;
	struct archive *archive;
	int archive_fd;
	int to_fd;
	struct names names;
	struct unpack_totals totals;
};

static int refuse(const struct unpack *unpack, const char *entry, const char *why,
		  struct error *err)
{
	return error_set_plain(err, -EBADMSG, "unpack", "%s: \"%.100s\" %s", unpack->name, entry,
			       why);
}

static int archive_failed(const struct unpack *unpack, struct archive *archive, struct error *err)
{
	const char *why = archive_error_string(archive);
	return error_set_plain(err, -EBADMSG, "unpack", "%s is damaged: %.120s", unpack->name,
			       why ? why : "?");
}

/*
 * The name below the target folder: without "./" in front, a "/" behind and the top folder. Returns
 * NULL when it is not allowed, "" for the top itself.
 */
static const char *inner_name(const struct unpack *unpack, char *name)
{
	size_t len = strlen(name);

	while (len > 0 && name[len - 1] == '/')
		name[--len] = '\0';
	if (strcmp(name, ".") == 0)
		return "";
	if (strncmp(name, "./", 2) == 0)
		name += 2;
	if (!path_is_below(name))
		return NULL;
	const char *top = unpack->rules->top;
	if (!top)
		return name;
	size_t top_len = strlen(top);
	if (strncmp(name, top, top_len) != 0 || (name[top_len] != '/' && name[top_len] != '\0'))
		return NULL;
	return name[top_len] ? name + top_len + 1 : "";
}

/* Where a name goes by the rules' moves: name itself, or the new one in moved. NULL: too long. */
static const char *move_name(const struct unpack_rules *rules, const char *name,
			     char moved[PATH_MAX])
{
	size_t len = strcspn(name, "/");

	for (size_t i = 0; i < rules->move_count; i++) {
		const struct unpack_move *move = &rules->moves[i];
		if (strlen(move->from) != len || memcmp(move->from, name, len) != 0)
			continue;
		int n = snprintf(moved, PATH_MAX, "%s%s", move->to, name + len);
		return n < 0 || n >= PATH_MAX ? NULL : moved;
	}
	return name;
}

/* One that is there already will do, if it is a real folder. */
static int make_folder(int to_fd, const char *name)
{
	struct stat st;

	if (mkdirat(to_fd, name, 0755) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (fstatat(to_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

/* Makes the folders above name, and name itself when it is a folder, as far as they are missing. */
static int make_folders(struct unpack *unpack, const char *name, int is_folder, struct error *err)
{
	char part[PATH_MAX];

	for (size_t i = 0;; i++) {
		if (name[i] != '/' && !(name[i] == '\0' && is_folder)) {
			if (name[i] == '\0')
				return 0;
			continue;
		}
		memcpy(part, name, i);
		part[i] = '\0';
		int r = names_add(&unpack->names, part, NAMES_FOLDER);
		if (r == -EEXIST)
			return refuse(unpack, name, "clashes with another entry", err);
		if (r < 0)
			return error_set(err, r, "unpack", "cannot unpack %s", name);
		if (r > 0)
			r = make_folder(unpack->to_fd, part);
		if (r < 0)
			return error_set(err, r, "unpack", "cannot make the folder %s", part);
		if (name[i] == '\0')
			return 0;
	}
}

static int write_file(struct unpack *unpack, const char *name, mode_t mode, struct error *err)
{
	_cleanup_fd_ int fd = openat(unpack->to_fd, name,
				     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return error_set(err, -errno, "unpack", "cannot make %s", name);
	for (;;) {
		const void *data;
		size_t len;
		la_int64_t offset;
		int r = archive_read_data_block(unpack->archive, &data, &len, &offset);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return archive_failed(unpack, unpack->archive, err);
		unpack->totals.bytes += len;
		if (unpack->totals.bytes > unpack->rules->bytes_max)
			return refuse(unpack, name, "makes it larger than is allowed", err);
		if (offset < 0 || lseek(fd, offset, SEEK_SET) < 0)
			return error_set(err, -errno, "unpack", "cannot write %s", name);
		r = fd_write_all(fd, data, len);
		if (r < 0)
			return error_set(err, r, "unpack", "cannot write %s", name);
	}
}

/* Makes a link; given: the entry's name as it is written. */
static int write_link(struct unpack *unpack, struct archive_entry *entry, const char *given,
		      const char *name, struct error *err)
{
	const char *symbolic = archive_entry_symlink(entry);
	const char *hard = archive_entry_hardlink(entry);
	char target[PATH_MAX], moved[PATH_MAX];
	int r;

	if (unpack->rules->links == UNPACK_NO_LINKS)
		return refuse(unpack, given, "is a link, which is not allowed", err);
	if (symbolic && unpack->rules->links == UNPACK_INNER_LINKS &&
	    !path_target_is_inside(name, symbolic))
		return refuse(unpack, given, "is a link that leads out", err);
	if (symbolic && !hard) {
		r = symlinkat(symbolic, unpack->to_fd, name);
		return r < 0 ? error_set(err, -errno, "unpack", "cannot make %s", name) : 0;
	}
	if (!hard || strlen(hard) >= sizeof(target))
		return refuse(unpack, given, "is a link without a target", err);
	memcpy(target, hard, strlen(hard) + 1);
	const char *inner = inner_name(unpack, target);
	inner = inner ? move_name(unpack->rules, inner, moved) : NULL;
	if (!inner || !*inner)
		return refuse(unpack, given, "is a link that leads out", err);
	r = linkat(unpack->to_fd, inner, unpack->to_fd, name, 0);
	return r < 0 ? error_set(err, -errno, "unpack", "cannot make %s", name) : 0;
}

/* A file or link, its folders made. */
static int unpack_leaf(struct unpack *unpack, struct archive_entry *entry, const char *given,
		       const char *name, struct error *err)
{
	int r = names_add(&unpack->names, name, NAMES_FILE);
	if (r == -EEXIST)
		return refuse(unpack, given, "is there twice, or differs from another in case only",
			      err);
	if (r < 0)
		return error_set(err, r, "unpack", "cannot unpack %s", given);
	if (archive_entry_hardlink(entry) || archive_entry_symlink(entry))
		return write_link(unpack, entry, given, name, err);
	return write_file(unpack, name, archive_entry_perm(entry) & 0111 ? 0755 : 0644, err);
}

static int unpack_entry(struct unpack *unpack, struct archive_entry *entry, struct error *err)
{
	char name[PATH_MAX], moved[PATH_MAX];
	const char *given = archive_entry_pathname(entry);
	mode_t type = archive_entry_filetype(entry);
	int is_link = archive_entry_hardlink(entry) || archive_entry_symlink(entry);

	if (!given || strlen(given) >= sizeof(name))
		return refuse(unpack, "?", "has a name that cannot be read or is too long", err);
	memcpy(name, given, strlen(given) + 1);
	const char *inner = inner_name(unpack, name);
	inner = inner ? move_name(unpack->rules, inner, moved) : NULL;
	if (!inner)
		return refuse(unpack, given, "has a name that is not allowed", err);
	if (!is_link && type != AE_IFREG && type != AE_IFDIR)
		return refuse(unpack, given, "is neither a file nor a folder", err);
	if (*inner == '\0')
		return type == AE_IFDIR ? 0 : refuse(unpack, given, "is no folder", err);
	if (++unpack->totals.files > unpack->rules->files_max)
		return refuse(unpack, given, "is one entry more than is allowed", err);
	if (archive_entry_size(entry) < 0 ||
	    (uint64_t)archive_entry_size(entry) > unpack->rules->bytes_max)
		return refuse(unpack, given, "is larger than is allowed", err);

	int is_folder = type == AE_IFDIR && !is_link;
	int r = make_folders(unpack, inner, is_folder, err);
	return r < 0 || is_folder ? r : unpack_leaf(unpack, entry, given, inner, err);
}

/* The tar, opened. */
static int unpack_entries(struct unpack *unpack, struct error *err)
{
	for (;;) {
		struct archive_entry *entry;
		int r = archive_read_next_header(unpack->archive, &entry);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return archive_failed(unpack, unpack->archive, err);
		r = unpack_entry(unpack, entry, err);
		if (r < 0)
			return r;
	}
}

static struct archive *new_tar(void)
{
	struct archive *archive = archive_read_new();

	if (!archive)
		return NULL;
	archive_read_support_filter_gzip(archive);
	archive_read_support_filter_xz(archive);
	archive_read_support_filter_zstd(archive);
	archive_read_support_format_tar(archive);
	return archive;
}

static int unpack_plain(struct unpack *unpack, struct error *err)
{
	if (archive_read_open_fd(unpack->archive, unpack->archive_fd, READ_BLOCK) != ARCHIVE_OK)
		return archive_failed(unpack, unpack->archive, err);
	return unpack_entries(unpack, err);
}

/* Hands the member of the package that is open on to the tar within it. */
static la_ssize_t read_member(struct archive *tar, void *package, const void **ret_data)
{
	la_int64_t offset;
	size_t len = 0;
	int r = archive_read_data_block(package, ret_data, &len, &offset);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r == ARCHIVE_OK)
		return (la_ssize_t)len;
	archive_set_error(tar, archive_errno(package), "the package is cut short");
	return -1;
}

/* Finds data.tar.* in the package, an ar archive, and unpacks it. */
static int unpack_member(struct unpack *unpack, struct archive *package, struct error *err)
{
	struct archive_entry *entry;
	int r;

	archive_read_support_format_ar(package);
	if (archive_read_open_fd(package, unpack->archive_fd, READ_BLOCK) != ARCHIVE_OK)
		return archive_failed(unpack, package, err);
	while ((r = archive_read_next_header(package, &entry)) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(entry);
		if (!name || strncmp(name, "data.tar", 8) != 0)
			continue;
		if (archive_read_open(unpack->archive, package, NULL, read_member, NULL) !=
		    ARCHIVE_OK)
			return archive_failed(unpack, unpack->archive, err);
		return unpack_entries(unpack, err);
	}
	return r == ARCHIVE_EOF ? refuse(unpack, "data.tar", "is not in it", err)
				: archive_failed(unpack, package, err);
}

/* In the confined child. */
static int work(void *owner, void *result, struct error *err)
{
	struct unpack *unpack = owner;
	struct archive *package = unpack->is_deb ? archive_read_new() : NULL;
	int r = -ENOMEM;

	unpack->archive = new_tar();
	unpack->names.any_case = unpack->rules->any_case;
	if (!unpack->archive || (unpack->is_deb && !package))
		error_set(err, r, "unpack", "cannot unpack %s", unpack->name);
	else if (unpack->is_deb)
		r = unpack_member(unpack, package, err);
	else
		r = unpack_plain(unpack, err);
	archive_read_free(unpack->archive);
	archive_read_free(package);
	names_fini(&unpack->names);
	*(struct unpack_totals *)result = unpack->totals;
	return r;
}

static int unpack_path(const char *path, int is_deb, const char *to,
		       const struct unpack_rules *rules, struct unpack_totals *ret_totals,
		       struct error *err)
{
	const char *slash = strrchr(path, '/');
	struct unpack unpack = {.name = slash ? slash + 1 : path, .rules = rules, .is_deb = is_deb};
	struct unpack_totals totals;

	_cleanup_fd_ int archive_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (archive_fd < 0)
		return error_set(err, -errno, "unpack", "cannot open %s", path);
	_cleanup_fd_ int to_fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (to_fd < 0)
		return error_set(err, -errno, "unpack", "cannot open %s", to);
	unpack.archive_fd = archive_fd;
	unpack.to_fd = to_fd;
	const struct confined_spec spec = {.what = unpack.name,
					   .folder_fd = to_fd,
					   .input_fd = archive_fd,
					   .bytes_max = rules->bytes_max,
					   .may_link = rules->links != UNPACK_NO_LINKS};
	int r = confined_run(&spec, work, &unpack, &totals, sizeof(totals), err);
	if (r >= 0 && ret_totals)
		*ret_totals = totals;
	return r;
}

int unpack_tar(const char *archive_path, const char *to, const struct unpack_rules *rules,
	       struct unpack_totals *ret_totals, struct error *err)
{
	return unpack_path(archive_path, 0, to, rules, ret_totals, err);
}

int unpack_deb(const char *package_path, const char *to, const struct unpack_rules *rules,
	       struct unpack_totals *ret_totals, struct error *err)
{
	return unpack_path(package_path, 1, to, rules, ret_totals, err);
}
