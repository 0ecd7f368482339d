#include "image/stamps.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/folder.h"

/*
 * Files are compared, or read, whole, and replaced by renaming: one that is cut short or of another
 * version is none.
 */
struct newest {
	char magic[16];
	uint64_t baked_sec;
};

struct consent {
	char magic[16];
	uint8_t id[RECORD_HASH_BYTES];
};

#define STAMP_MAGIC "sandlot stamp 1"
#define NEWEST_MAGIC "sandlot newest1"
#define CONSENT_MAGIC "sandlot older 1"

enum { NAME_SIZE = 128 };

_Static_assert(sizeof(struct stamp) == 120, "no padding: stamps are compared byte by byte");

static struct stamp stamp_new(enum record_form form, const uint8_t sha256[RECORD_HASH_BYTES])
{
	struct stamp stamp = {.magic = STAMP_MAGIC, .form = (uint8_t)form};

	memcpy(stamp.sha256, sha256, sizeof(stamp.sha256));
	return stamp;
}

struct stamp stamp_tree(const struct image_record *record, const uint8_t quick[RECORD_HASH_BYTES])
{
	struct stamp stamp = stamp_new(RECORD_TREE, record->tree_sha256);

	memcpy(stamp.quick, quick, sizeof(stamp.quick));
	return stamp;
}

struct stamp stamp_erofs(const struct image_record *record, const struct stat *st)
{
	struct stamp stamp = stamp_new(RECORD_EROFS, record->erofs_sha256);

	stamp.device = st->st_dev;
	stamp.inode = st->st_ino;
	stamp.size = (uint64_t)st->st_size;
	stamp.change_nsec =
		(uint64_t)st->st_ctim.tv_sec * 1000000000 + (uint64_t)st->st_ctim.tv_nsec;
	return stamp;
}

int stamps_folder(const char *option, int is_root, char ret_path[PATH_MAX], struct error *err)
{
	if (!option && !is_root)
		return folder_of_user("XDG_CACHE_HOME", ".cache", "sandlot/stamps", ret_path, err);
	if (!option)
		option = "/var/cache/sandlot/stamps";
	if (snprintf(ret_path, PATH_MAX, "%s", option) >= PATH_MAX)
		return error_set_plain(err, -ENAMETOOLONG, "stamps",
				       "the folder of stamps has a path that is too long");
	return 0;
}

/* Who can write to the folder can have anything taken for verified. Returns 0 or -EPERM. */
static int check_private(const char *path, const struct stat *st, struct error *err)
{
	if (st->st_uid != geteuid())
		return error_set_plain(err, -EPERM, "stamps",
				       "the folder %.150s belongs to another user", path);
	if (st->st_mode & (S_IWGRP | S_IWOTH))
		return error_set_plain(err, -EPERM, "stamps",
				       "others can write to the folder %.150s", path);
	return 0;
}

int stamps_open_existing(const char *path, struct error *err)
{
	struct stat st;

	_cleanup_fd_ int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, -errno, "stamps", "cannot open the folder %.150s", path);
	int r = check_private(path, &st, err);
	return r < 0 ? r : TAKE_FD(fd);
}

int stamps_open(const char *path, struct error *err)
{
	int r = folder_make_path(path, 0700);
	if (r < 0)
		return error_set(err, r, "stamps", "cannot make the folder %.150s", path);
	return stamps_open_existing(path, err);
}

/* Returns 1 when there is a file of exactly this size, 0 when not. */
static int file_read(int folder_fd, const char *name, void *ret_data, size_t size)
{
	char more;

	_cleanup_fd_ int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd >= 0 && read(fd, ret_data, size) == (ssize_t)size && read(fd, &more, 1) == 0;
}

static int file_write(int folder_fd, const char *name, const void *data, size_t size)
{
	char temporary[NAME_SIZE + 16];

	/* No name of ours begins with a dot; one may end in any number. */
	snprintf(temporary, sizeof(temporary), ".%s.%d", name, (int)getpid());
	_cleanup_fd_ int fd = openat(folder_fd, temporary,
				     O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, data, size);
	if (r == 0 && renameat(folder_fd, temporary, folder_fd, name) < 0)
		r = -errno;
	if (r < 0 && fd >= 0)
		unlinkat(folder_fd, temporary, 0);
	return r;
}

static void stamp_name(const struct image_record *record, const struct stamp *stamp,
		       char ret_name[NAME_SIZE])
{
	char id[2 * RECORD_HASH_BYTES + 1];

	record_hex(record->id, id);
	snprintf(ret_name, NAME_SIZE, "%s.%s", id, stamp->form == RECORD_TREE ? "tree" : "erofs");
}

int stamps_has(int folder_fd, const struct image_record *record, const struct stamp *stamp)
{
	char name[NAME_SIZE];
	struct stamp kept;

	stamp_name(record, stamp, name);
	return file_read(folder_fd, name, &kept, sizeof(kept)) &&
	       memcmp(&kept, stamp, sizeof(kept)) == 0;
}

int stamps_keep(int folder_fd, const struct image_record *record, const struct stamp *stamp)
{
	char name[NAME_SIZE];

	stamp_name(record, stamp, name);
	return file_write(folder_fd, name, stamp, sizeof(*stamp));
}

/* The file about all images of a name. */
static void name_file(const char *what, const char *image_name, char ret_name[NAME_SIZE])
{
	assert(record_name_is_valid(image_name));
	snprintf(ret_name, NAME_SIZE, "%s-%s", what, image_name);
}

uint64_t stamps_newest(int folder_fd, const char *name)
{
	char file[NAME_SIZE];
	struct newest newest;

	name_file("newest", name, file);
	if (!file_read(folder_fd, file, &newest, sizeof(newest)) ||
	    memcmp(newest.magic, NEWEST_MAGIC, sizeof(newest.magic)) != 0)
		return 0;
	return newest.baked_sec;
}

int stamps_served(int folder_fd, const struct image_record *record)
{
	struct newest newest = {.magic = NEWEST_MAGIC, .baked_sec = record->baked_sec};
	char file[NAME_SIZE];

	if (record->baked_sec <= stamps_newest(folder_fd, record->name))
		return 0;
	name_file("newest", record->name, file);
	return file_write(folder_fd, file, &newest, sizeof(newest));
}

static struct consent consent_to(const struct image_record *record)
{
	struct consent consent = {.magic = CONSENT_MAGIC};

	memcpy(consent.id, record->id, sizeof(consent.id));
	return consent;
}

int stamps_consent(int folder_fd, const struct image_record *record)
{
	struct consent consent = consent_to(record);
	char file[NAME_SIZE];

	name_file("older", record->name, file);
	return file_write(folder_fd, file, &consent, sizeof(consent));
}

int stamps_consented(int folder_fd, const struct image_record *record)
{
	struct consent wanted = consent_to(record), kept;
	char file[NAME_SIZE];
	struct stat st;

	name_file("older", record->name, file);
	return fstat(folder_fd, &st) == 0 && check_private(file, &st, NULL) == 0 &&
	       file_read(folder_fd, file, &kept, sizeof(kept)) &&
	       memcmp(&kept, &wanted, sizeof(kept)) == 0;
}

uint64_t stamps_now_usec(void)
{
	/* A finer clock is ahead of the dates of files, by up to a tick. */
	return clock_usec(CLOCK_REALTIME_COARSE);
}

/* When the file was put there, as stamps_now_usec(); UINT64_MAX when there is none. */
static uint64_t file_usec(int folder_fd, const char *name)
{
	struct stat st;

	if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return UINT64_MAX;
	return (uint64_t)st.st_ctim.tv_sec * USEC_PER_SEC + (uint64_t)st.st_ctim.tv_nsec / 1000;
}

void stamps_consent_ends(int folder_fd, const struct image_record *record, uint64_t asked_usec)
{
	char file[NAME_SIZE];

	name_file("older", record->name, file);
	if (record->baked_sec >= stamps_newest(folder_fd, record->name) &&
	    (file_usec(folder_fd, file) < asked_usec || stamps_consented(folder_fd, record)))
		unlinkat(folder_fd, file, 0);
}
