#include "base/fd.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/stat.h>
#include <unistd.h>

int fd_close(int fd)
{
	if (fd >= 0) {
		int saved = errno;
		close(fd);
		errno = saved;
	}
	return -EBADF;
}

int fd_write_all(int fd, const void *data, size_t len)
{
	const char *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

int fd_read_all(int fd, size_t max, char **ret_data, size_t *ret_len)
{
	_cleanup_free_ char *data = NULL;
	size_t used = 0, room = 0;

	for (;;) {
		if (used == room) {
			size_t more = room ? room * 2 : 4096;
			char *grown = realloc(data, more + 1);
			if (!grown)
				return -ENOMEM;
			data = grown;
			room = more;
		}
		ssize_t n = read(fd, data + used, room - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > max)
			return -EFBIG;
	}
	data[used] = '\0';
	*ret_data = TAKE_PTR(data);
	if (ret_len)
		*ret_len = used;
	return 0;
}

enum { SEALS = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE };

int memfd_new(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd < 0 ? -errno : fd;
}

int memfd_seal(int fd)
{
	return fcntl(fd, F_ADD_SEALS, SEALS) < 0 ? -errno : 0;
}

int memfd_new_sealed(const char *name, const void *data, size_t len)
{
	_cleanup_fd_ int fd = memfd_new(name);
	if (fd < 0)
		return fd;
	int r = fd_write_all(fd, data, len);
	if (r < 0)
		return r;
	r = memfd_seal(fd);
	if (r < 0)
		return r;
	return TAKE_FD(fd);
}

enum { FIXED_SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };

int memfd_new_fixed(const char *name, size_t size)
{
	_cleanup_fd_ int fd = memfd_new(name);
	if (fd < 0)
		return fd;
	if (ftruncate(fd, (off_t)size) < 0 || fcntl(fd, F_ADD_SEALS, FIXED_SEALS) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int memfd_is_fixed(int fd, size_t size)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0)
		return errno == EINVAL ? 0 : -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	return (seals & FIXED_SEALS) == FIXED_SEALS && (size_t)st.st_size == size;
}

int memfd_is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0)
		return errno == EINVAL ? 0 : -errno;
	return (seals & SEALS) == SEALS;
}

int fd_arrange(int *fds, unsigned count, int first, int flags)
{
	/* Out of the way first: none may be overwritten before it is moved. */
	for (unsigned i = 0; i < count; i++) {
		if (fds[i] < 0)
			continue;
		fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, first + (int)count);
		if (fds[i] < 0)
			return -errno;
	}
	for (unsigned i = 0; i < count; i++) {
		int at = first + (int)i;
		if (fds[i] < 0)
			close(at);
		else if (dup3(fds[i], at, flags) < 0)
			return -errno;
		else
			fds[i] = at;
	}
	return syscall(SYS_close_range, (unsigned)first + count, ~0U, 0) < 0 ? -errno : 0;
}

int fd_set_nonblock(int fd, int on)
{
	int flags = fcntl(fd, F_GETFL);
	if (flags < 0)
		return -errno;
	int want = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
	return want != flags && fcntl(fd, F_SETFL, want) < 0 ? -errno : 0;
}
