/*
 * Two launchers on one host must not map cells to the same host ids at the same time. Each holds a
 * lock on one byte per slot of a file that all of them open (fcntl(2), open file description
 * locks): one open and one lock however many the slots, nothing to clean up, and the kernel lets go
 * when the holder dies.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/user.h"

enum { CLAIM_TRIES = 4096 };

static int open_claims(const char *folder, struct error *err)
{
	struct stat st;

	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return error_set(err, -errno, "user", "cannot make %.120s", folder);
	_cleanup_fd_ int folder_fd = open(folder, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (folder_fd < 0 || fstat(folder_fd, &st) < 0)
		return error_set(err, -errno, "user", "cannot open %.120s", folder);
	/* Another's folder would let him hold our locks, or swap the file under us. */
	if (st.st_uid != geteuid() || (st.st_mode & 022))
		return error_set_plain(err, -EPERM, "user",
				       "%.120s is not ours alone to write to; remove it", folder);
	int fd = openat(folder_fd, "uids", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? error_set(err, -errno, "user", "cannot open %.120s/uids", folder) : fd;
}

int user_claim_slots(const char *folder, unsigned total, unsigned wanted, unsigned *ret_first,
		     unsigned *ret_count, int *ret_fd, struct error *err)
{
	_cleanup_fd_ int fd = open_claims(folder, err);
	if (fd < 0)
		return fd;
	unsigned count = wanted < total ? wanted : total, places = count ? total / count : 0;
	/* Everybody begins elsewhere: the first try is free as a rule. */
	unsigned start = (unsigned)getpid();

	for (unsigned i = 0; i < places && i < CLAIM_TRIES; i++) {
		unsigned first = (start + i) % places * count;
		struct flock lock = {
			.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = first, .l_len = count};
		if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
			*ret_first = first;
			*ret_count = count;
			*ret_fd = TAKE_FD(fd);
			return 0;
		}
		if (errno != EAGAIN && errno != EACCES)
			return error_set(err, -errno, "user", "cannot lock %.120s/uids", folder);
	}
	return error_set_plain(err, -EBUSY, "user",
			       "all host user ids for cells are in use by others; see %.120s",
			       folder);
}
