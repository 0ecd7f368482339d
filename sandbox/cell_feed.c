/*
 * A job that was started early: its program runs, and waits for words at its FIFO. Until these
 * come, nothing of a visitor's has been near it; so what is done to it meanwhile, and what it finds
 * when it goes on, is what it would have found had it been started with all of them.
 *
 * Every failure here is the step "feed": whoever asked may start the same job anew.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
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
	context->work.has_carry = feed.has_carry;
	if (dup3(fds[FEED_BUNDLE], CELL_FD_BUNDLE, O_CLOEXEC) < 0 ||
	    dup3(fds[FEED_CARRY], CELL_FD_CARRY, O_CLOEXEC) < 0)
		return cell_failed(context, errno, "cannot take the job's descriptors");
	for (int i = 0; i < FEED_FDS; i++)
		close(fds[i]);
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
 * A helper, with nothing open but the socket: it opens what the job could. To open the FIFO is to
 * wait until the program has. Then its name has served, and is not there for the visitor's code to
 * find. Last it sends a reading end, by which pid 1 can tell whether the words were read; before it
 * closes the writing end, whose close the program waits for.
 */
static int feed_words(struct cell_context *context)
{
	int words_fd = open(context->fifo, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	int read_fd = open(context->fifo, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (words_fd < 0 || read_fd < 0 || unlink(context->fifo) < 0 ||
	    fd_write_all(words_fd, context->later, context->later_len) < 0)
		return -1;
	return send_fd(STDIN_FILENO, read_fd);
}

/* It ends when the program has read, or with everything else in the cell. */
static int start_feeder(struct cell_context *context)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return cell_failed(context, errno, "cannot make the feeder's socket");
	pid_t pid = cell_start_helper(context, ends[1], feed_words);
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
		r = cell_unpack_carried(context);
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
