/*
 * Copies the file a step hands on into the launcher's memfd. Everything else in the cell is dead,
 * so nothing changes under our hands; but what lies there was put there by the job, and may be a
 * link out, a FIFO, a device, or larger than allowed.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cell.h"

static int refused(struct cell_context *context, int error_number, const char *why)
{
	snprintf(context->error.text, sizeof(context->error.text), "the artefact %.120s %s",
		 context->artefact_out, why);
	return -error_number;
}

int cell_open_beneath(const char *path, int flags)
{
	struct open_how how = {
		.flags = (unsigned)(O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC |
				    flags),
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
			   RESOLVE_NO_XDEV,
	};

	_cleanup_fd_ int folder = open("/playground", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -errno;
	int fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

int cell_copy_artefact(struct cell_context *context, uint64_t *ret_bytes)
{
	uint64_t copied = 0;
	struct stat st;

	_cleanup_fd_ int fd = cell_open_beneath(context->artefact_out, 0);
	if (fd == -ENOENT || fd == -ENOTDIR)
		return refused(context, -fd, "was not made");
	if (fd == -ELOOP || fd == -EXDEV)
		return refused(context, -fd, "is or leads over a link");
	if (fd < 0)
		return refused(context, -fd, "cannot be opened");
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return refused(context, EINVAL, "is not a regular file");
	if ((uint64_t)st.st_size > context->work.limits.artefact_bytes)
		return refused(context, EFBIG, "is larger than the limit");
	while (copied < (uint64_t)st.st_size) {
		ssize_t n = sendfile(CELL_FD_ARTEFACT_OUT, fd, NULL, 1 << 30);
		if (n < 0)
			return refused(context, errno, "cannot be copied");
		if (n == 0)
			break;
		copied += (uint64_t)n;
	}
	*ret_bytes = copied;
	return 0;
}
