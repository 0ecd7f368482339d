/*
 * File descriptors: owned by exactly one variable, -EBADF when empty, close-on-exec from birth.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/types.h>

/* Closes fd when it is one; keeps errno. Returns -EBADF, so that `x = fd_close(x)` empties x. */
int fd_close(int fd);

static inline void fd_closep(int *fd)
{
	*fd = fd_close(*fd);
}

static inline void freep(void *p)
{
	free(*(void **)p);
}

#define _cleanup_fd_ __attribute__((cleanup(fd_closep)))
#define _cleanup_free_ __attribute__((cleanup(freep)))

/* Moves the value out of a variable and leaves it empty: ownership goes to the receiver. */
static inline int fd_take(int *fd)
{
	int taken = *fd;
	*fd = -EBADF;
	return taken;
}

#define TAKE_FD(fd) fd_take(&(fd))
#define TAKE_PTR(ptr)                                                                              \
	(__extension__({                                                                           \
		__typeof__(ptr) *_ptrp = &(ptr);                                                   \
		__typeof__(ptr) _ptr = *_ptrp;                                                     \
		*_ptrp = NULL;                                                                     \
		_ptr;                                                                              \
	}))

/*
 * Writes all of data (len bytes), over short writes and EINTR. Returns 0 or a negative errno
 * (-EAGAIN too, on a non-blocking fd: what went out before is lost to the caller, so use it on
 * blocking ones).
 */
int fd_write_all(int fd, const void *data, size_t len);

/*
 * Reads fd from where it stands to its end into a new NUL-terminated buffer (the NUL not counted).
 * max: the most bytes taken, -EFBIG beyond. ret_data: new, free() it. Returns 0 or a negative
 * errno.
 */
int fd_read_all(int fd, size_t max, char **ret_data, size_t *ret_len);

/* A new empty memfd that can be sealed; name is shown in /proc only. Returns the fd or -errno. */
int memfd_new(const char *name);

/* Forbids every further change of a memfd's size and bytes (memfd_create(2)). Returns 0 or -errno.
 */
int memfd_seal(int fd);

/* A new sealed memfd with these bytes. Returns the fd or a negative errno. */
int memfd_new_sealed(const char *name, const void *data, size_t len);

/* A new memfd of zeroes whose size stays: only its bytes can change. Returns the fd or -errno. */
int memfd_new_fixed(const char *name, size_t size);

/* Is fd such a memfd of this size? Returns 1, 0 or -errno. */
int memfd_is_fixed(int fd, size_t size);

/* True when fd is a memfd that carries the seals memfd_seal() puts on. Returns 1, 0 or -errno. */
int memfd_is_sealed(int fd);

/*
 * For a child, after fork: puts count fds at first, first + 1, … and closes all others from first
 * on. A negative one leaves its place empty. flags: O_CLOEXEC or 0, for those that are kept. fds is
 * changed to say where they are. Async-signal-safe. Returns 0 or a negative errno.
 */
int fd_arrange(int *fds, unsigned count, int first, int flags);

/* Sets or clears O_NONBLOCK. Returns 0 or a negative errno. */
int fd_set_nonblock(int fd, int on);

#endif
