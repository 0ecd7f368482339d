/*
 * What a cell does with a packet that a visitor's compile may have made up: the real
 * cell_carried_unpack.c, its system calls replaced. What it makes is made before the folder comes
 * to be, new each, and below it. Input: a byte that picks the length said (too short, too long, as
 * it is), then the bundle.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/fd.h"

static unsigned files_made, files_removed;
static int renamed;

static int is_below(const char *path)
{
	return bundle_path_is_valid(path, strlen(path));
}

static int fuzz_open(const char *path, int flags, ...)
{
	if (strcmp(path, ".") == 0)
		return (open)("/dev/null", O_RDONLY | O_CLOEXEC);
	FUZZ_ASSERT(is_below(path) && !renamed);
	FUZZ_ASSERT((flags & (O_CREAT | O_EXCL | O_NOFOLLOW)) == (O_CREAT | O_EXCL | O_NOFOLLOW));
	/* Now and then there is no room. */
	if (strlen(path) % 7 == 6) {
		errno = ENOSPC;
		return -1;
	}
	files_made++;
	return (open)("/dev/null", O_WRONLY | O_CLOEXEC);
}

static int fuzz_folder(const char *path, mode_t mode)
{
	FUZZ_ASSERT(is_below(path) && mode == 0755 && !renamed);
	return 0;
}

static int fuzz_chdir(const char *path)
{
	FUZZ_ASSERT(strcmp(path, "folder.making") == 0);
	return 0;
}

static int fuzz_fchdir(int fd)
{
	FUZZ_ASSERT(fd >= 0);
	return 0;
}

static int fuzz_unlink(const char *path)
{
	FUZZ_ASSERT(is_below(path) && !renamed);
	files_removed++;
	return 0;
}

static int fuzz_times(int folder, const char *path, const struct timespec *times, int flags)
{
	FUZZ_ASSERT(folder == AT_FDCWD && is_below(path) && flags == AT_SYMLINK_NOFOLLOW);
	FUZZ_ASSERT(times[1].tv_sec == 0 && times[1].tv_nsec == 0);
	return 0;
}

static int fuzz_rename(const char *from, const char *to)
{
	FUZZ_ASSERT(!strcmp(from, "folder.making") && !strcmp(to, "folder"));
	renamed = 1;
	return 0;
}

#define open fuzz_open
#define mkdir fuzz_folder
#define chdir fuzz_chdir
#define fchdir fuzz_fchdir
#define unlink fuzz_unlink
#define utimensat fuzz_times
#define rename fuzz_rename
#include "sandbox/cell_carried_unpack.c"
#undef open
#undef mkdir
#undef chdir
#undef fchdir
#undef unlink
#undef utimensat
#undef rename

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len < 1 || len > CARRY_BYTES_MAX / 2)
		return 0;
	uint64_t said = len - 1 + (data[0] & 1) - (uint64_t)(data[0] >> 1 & 1);
	_cleanup_fd_ int fd = memfd_new("packet");
	FUZZ_ASSERT(fd >= 0);
	FUZZ_ASSERT(fd_write_all(fd, &said, sizeof(said)) == 0);
	FUZZ_ASSERT(fd_write_all(fd, data + 1, len - 1) == 0);

	files_made = files_removed = 0;
	renamed = 0;
	int r = carried_unpack(fd, "folder");
	FUZZ_ASSERT((r == 0) == renamed && r <= 0);
	FUZZ_ASSERT(files_made <= CARRY_FILES_MAX);
	FUZZ_ASSERT(r == 0 || files_removed >= files_made);
	return 0;
}
