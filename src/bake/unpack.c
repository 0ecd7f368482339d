#include "bake/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/names.h"
#include "bake/path.h"
#include "base/fd.h"

enum { READ_BLOCK = 1 << 16 };

struct unpack {
	const char *archive_path;
	const struct unpack_rules *rules;
	struct archive *archive;
	int to_fd;
	struct names names;
	struct unpack_totals totals;
};

static int refuse(const struct unpack *unpack, const char *entry, const char *why,
		  struct error *err)
{
	const char *slash = strrchr(unpack->archive_path, '/');
	return error_set_plain(err, -EBADMSG, "unpack", "%s: \"%.100s\" %s",
			       slash ? slash + 1 : unpack->archive_path, entry, why);
}

static int archive_failed(const struct unpack *unpack, struct error *err)
{
	const char *why = archive_error_string(unpack->archive);
	const char *slash = strrchr(unpack->archive_path, '/');
	return error_set_plain(err, -EBADMSG, "unpack", "%s is damaged: %.120s",
			       slash ? slash + 1 : unpack->archive_path, why ? why : "?");
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
			return archive_failed(unpack, err);
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

static int unpack_entry(struct unpack *unpack, struct archive_entry *entry, struct error *err)
{
	char name[PATH_MAX];
	const char *given = archive_entry_pathname(entry);
	mode_t type = archive_entry_filetype(entry);

	if (!given || strlen(given) >= sizeof(name))
		return refuse(unpack, "?", "has a name that cannot be read or is too long", err);
	memcpy(name, given, strlen(given) + 1);
	const char *inner = inner_name(unpack, name);
	if (!inner)
		return refuse(unpack, given, "has a name that is not allowed", err);
	if (archive_entry_hardlink(entry) || archive_entry_symlink(entry) || type == AE_IFLNK)
		return refuse(unpack, given, "is a link, which is not allowed", err);
	if (type != AE_IFREG && type != AE_IFDIR)
		return refuse(unpack, given, "is neither a file nor a folder", err);
	if (*inner == '\0')
		return type == AE_IFDIR ? 0 : refuse(unpack, given, "is no folder", err);
	if (++unpack->totals.files > unpack->rules->files_max)
		return refuse(unpack, given, "is one entry more than is allowed", err);
	if (archive_entry_size(entry) < 0 ||
	    (uint64_t)archive_entry_size(entry) > unpack->rules->bytes_max)
		return refuse(unpack, given, "is larger than is allowed", err);

	int r = make_folders(unpack, inner, type == AE_IFDIR, err);
	if (r < 0 || type == AE_IFDIR)
		return r;
	r = names_add(&unpack->names, inner, NAMES_FILE);
	if (r == -EEXIST)
		return refuse(unpack, given, "is there twice, or differs from another in case only",
			      err);
	if (r < 0)
		return error_set(err, r, "unpack", "cannot unpack %s", given);
	return write_file(unpack, inner, archive_entry_perm(entry) & 0111 ? 0755 : 0644, err);
}

static int unpack_all(struct unpack *unpack, struct error *err)
{
	archive_read_support_filter_gzip(unpack->archive);
	archive_read_support_format_tar(unpack->archive);
	if (archive_read_open_filename(unpack->archive, unpack->archive_path, READ_BLOCK) !=
	    ARCHIVE_OK)
		return archive_failed(unpack, err);
	for (;;) {
		struct archive_entry *entry;
		int r = archive_read_next_header(unpack->archive, &entry);
		if (r == ARCHIVE_EOF)
			return 0;
		if (r != ARCHIVE_OK)
			return archive_failed(unpack, err);
		r = unpack_entry(unpack, entry, err);
		if (r < 0)
			return r;
	}
}

int unpack_tar(const char *archive_path, const char *to, const struct unpack_rules *rules,
	       struct unpack_totals *ret_totals, struct error *err)
{
	_cleanup_fd_ int to_fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (to_fd < 0)
		return error_set(err, -errno, "unpack", "cannot open %s", to);
	struct unpack unpack = {.archive_path = archive_path,
				.rules = rules,
				.archive = archive_read_new(),
				.to_fd = to_fd};
	if (!unpack.archive)
		return error_set(err, -ENOMEM, "unpack", "cannot unpack %s", archive_path);
	int r = unpack_all(&unpack, err);
	archive_read_free(unpack.archive);
	names_fini(&unpack.names);
	if (r >= 0 && ret_totals)
		*ret_totals = unpack.totals;
	return r;
}
