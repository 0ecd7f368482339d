/*
 * A job that was started early: its program runs, and waits for words at its FIFO. Until these
 * come, nothing of a visitor's has been near it; so what is done to it meanwhile, and what it finds
 * when it goes on, is what it would have found had it been started with all of them.
 *
 * Every failure here is the step "feed": whoever asked may start the same job anew.
 */
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cell.h"

static int receive_feed(struct cell_context *context)
{
	struct cell_work feed;
	int fds[WORK_FDS_MAX];

	int r = cell_receive(CELL_FEED_MAGIC, FEED_FDS, &feed, fds);
	if (r < 0)
		return cell_failed(context, -r, "the rest of the job did not come");
	context->work.limits = feed.limits;
	if (dup3(fds[0], CELL_FD_BUNDLE, O_CLOEXEC) < 0)
		return cell_failed(context, errno, "cannot take the job's descriptors");
	close(fds[0]);
	return 0;
}

/* Returns 0 or -1. */
static int send_fd(int socket_fd, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {.bytes = {0}};
	struct iovec iov = {.iov_base = "", .iov_len = 1};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	*header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
				   .cmsg_type = SCM_RIGHTS,
				   .cmsg_len = CMSG_LEN(sizeof(int))};
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	return sendmsg(socket_fd, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* Returns the fd that has come, or -1. */
static int receive_fd(int socket_fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte;
	int fd;
	struct iovec iov = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {.msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};

	if (recvmsg(socket_fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1 ||
	    message.msg_controllen != sizeof(control.bytes))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/*
 * As the job's user, without a capability, with nothing open but the socket: it opens what the job
 * could. To open the FIFO is to wait until the program has. Then its name has served, and is not
 * there for the visitor's code to find. Last it sends a reading end, by which pid 1 can tell
 * whether the words were read; before it closes the writing end, whose close the program waits for.
 */
static int feeder_main(struct cell_context *context, int socket_fd)
{
	if (job_user_namespace(context) < 0 || job_identity(context) < 0 ||
	    job_capabilities(context) < 0 || dup2(socket_fd, STDIN_FILENO) < 0 ||
	    syscall(SYS_close_range, STDIN_FILENO + 1, ~0U, 0) < 0)
		return 1;
	int words_fd = open(context->fifo, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int read_fd = open(context->fifo, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (words_fd < 0 || read_fd < 0 || unlink(context->fifo) < 0 ||
	    fd_write_all(words_fd, context->later, context->later_len) < 0)
		return 1;
	return send_fd(STDIN_FILENO, read_fd) < 0;
}

/* It ends when the program has read, or with everything else in the cell. */
static int start_feeder(struct cell_context *context)
{
	int own_namespace =
		context->spec.single_id && !cell_without(context, CELL_WITHOUT_UID_DROP);
	unsigned long flags = own_namespace ? CLONE_NEWUSER | SIGCHLD : SIGCHLD;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return cell_failed(context, errno, "cannot make the feeder's socket");
	pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
	if (pid == 0)
		_exit(feeder_main(context, ends[1]));
	close(ends[1]);
	context->feeder = pid;
	context->feeder_fd = ends[0];
	return pid < 0 ? cell_failed(context, errno, "cannot start the feeder") : 0;
}

int cell_take_feed(struct cell_context *context)
{
	if (!context->work.early)
		return 0;
	int r = receive_feed(context);
	if (r == 0)
		r = cell_unpack_later(context);
	if (r == 0)
		r = cell_check_parent(context);
	return r < 0 ? r : start_feeder(context);
}

int cell_feeder_has_fed(const struct cell_context *context)
{
	char byte;

	return recv(context->feeder_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1;
}

int cell_check_fed(struct cell_context *context)
{
	int left = 1;

	if (!context->work.early)
		return 0;
	/* One that was killed may have had the FIFO open: what counts is that nothing is left. */
	int fd = receive_fd(context->feeder_fd);
	if (fd >= 0 && ioctl(fd, FIONREAD, &left) == 0 && left == 0)
		return 0;
	return cell_failed(context, ESRCH, "the program ended before it read what it was to do");
}
