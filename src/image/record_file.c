#include "image/record_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

int record_read(int folder_fd, struct image_record *ret_record, struct error *err)
{
	uint8_t bytes[RECORD_BYTES + 1];
	struct stat st;

	_cleanup_fd_ int fd =
		openat(folder_fd, RECORD_FILE, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ELOOP)
		return error_set_plain(err, -EINVAL, "record", "%s is a symbolic link",
				       RECORD_FILE);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, -errno, "record", "cannot open %s", RECORD_FILE);
	if (!S_ISREG(st.st_mode))
		return error_set_plain(err, -EINVAL, "record", "%s is not a regular file",
				       RECORD_FILE);
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
	if (n < 0)
		return error_set(err, -errno, "record", "cannot read %s", RECORD_FILE);
	if ((size_t)n == sizeof(bytes))
		return error_set_plain(err, -EINVAL, "record", "%s has more than %d bytes",
				       RECORD_FILE, RECORD_BYTES);
	return record_decode(bytes, (size_t)n, ret_record, err);
}

int record_write(int folder_fd, const struct image_record *record, struct error *err)
{
	uint8_t bytes[RECORD_BYTES];
	char temporary[64];

	record_encode(record, bytes);
	snprintf(temporary, sizeof(temporary), ".%s.%d.new", RECORD_FILE, (int)getpid());
	_cleanup_fd_ int fd =
		openat(folder_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int r = fd < 0 ? -errno : fd_write_all(fd, bytes, sizeof(bytes));
	if (r == 0 && (fchmod(fd, 0644) < 0 || fsync(fd) < 0 ||
		       renameat(folder_fd, temporary, folder_fd, RECORD_FILE) < 0))
		r = -errno;
	if (r == 0)
		return 0;
	if (fd >= 0)
		unlinkat(folder_fd, temporary, 0);
	return error_set(err, r, "record", "cannot write %s", RECORD_FILE);
}
