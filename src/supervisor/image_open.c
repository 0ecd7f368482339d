#include "supervisor/image_open.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "ipc/packet.h"

enum {
	CHILD_FIRST_FD = 3, /* 2 is the log */
	/* The most an image may take: ten minutes are a slow disk's 50 GiB. */
	OPEN_SEC = 600,
};

/* ---- in the child ---- */

static int host_enter(const struct image_source *source, struct error *err)
{
	if (setns(source->host_ns_fd, CLONE_NEWNS) < 0 || fchdir(source->folder_fd) < 0)
		return error_set(err, -errno, "image", "cannot return to the host's files");
	return 0;
}

/* Who removes images locks them for himself alone: what is locked so is going. */
static int folder_hold(const char *path, int folder_fd, struct error *err)
{
	if (flock(folder_fd, LOCK_SH | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return error_set_plain(err, -EBUSY, "image", "the image %.120s is being removed",
				       path);
	return error_set(err, -errno, "image", "cannot lock the image %.120s", path);
}

static int manifest_open(const char *path, int folder_fd, int *ret_fd, struct error *err)
{
	struct stat st;

	_cleanup_fd_ int fd =
		openat(folder_fd, "manifest.json", O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "image",
				 "%.120s is no image (no manifest.json; `make image` bakes one)",
				 path);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
		return error_set_plain(err, -EINVAL, "image",
				       "%.120s/manifest.json is not a regular file", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int image_take(const struct image_source *source, struct image_opened *opened,
		      int fds[IMAGE_FDS], struct error *err)
{
	struct cell_image image;

	int r = cell_image_open(source->path, source->how, &image, err);
	if (r < 0)
		return r;
	opened->form = image.form;
	fds[IMAGE_FD_FOLDER] = image.folder_fd;
	_cleanup_fd_ int content_fd = image.content_fd;
	r = folder_hold(source->path, image.folder_fd, err);
	if (r == 0)
		r = manifest_open(source->path, image.folder_fd, &fds[IMAGE_FD_MANIFEST], err);
	if (r == 0)
		r = image_trust_judge(&source->trust, source->path, &image, fds[IMAGE_FD_MANIFEST],
				      &opened->known, opened->sentence);
	if (r == 0)
		r = fds[IMAGE_FD_MOUNT] = cell_image_mount(&image, err);
	return r < 0 ? r : 0;
}

/* Leaves the child nothing of the supervisor's but what it works with. */
static int fds_keep(struct image_source *source, int *socket_fd)
{
	int fds[] = {*socket_fd, source->host_ns_fd, source->folder_fd, source->trust.verify_fd,
		     source->trust.stamps_fd};

	int r = fd_arrange(fds, sizeof(fds) / sizeof(fds[0]), CHILD_FIRST_FD, O_CLOEXEC);
	*socket_fd = fds[0];
	source->host_ns_fd = fds[1];
	source->folder_fd = fds[2];
	source->trust.verify_fd = fds[3];
	source->trust.stamps_fd = fds[4];
	return r;
}

static void __attribute__((noreturn))
child_main(const struct image_source *borrowed, int socket_fd, pid_t parent)
{
	struct image_source source = *borrowed;
	struct image_opened opened = {0};
	struct error err = {0};
	int fds[IMAGE_FDS] = {-EBADF, -EBADF, -EBADF};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent ||
	    fds_keep(&source, &socket_fd) < 0)
		_exit(EXIT_FAILURE);
	alarm(OPEN_SEC);
	int r = host_enter(&source, &err);
	if (r == 0)
		r = image_take(&source, &opened, fds, &err);
	opened.code = r;
	if (r < 0 && !opened.sentence[0])
		snprintf(opened.sentence, sizeof(opened.sentence), "%s", err.text);
	r = packet_send(socket_fd, &opened, sizeof(opened), fds, r < 0 ? 0 : IMAGE_FDS);
	_exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* ---- in the supervisor ---- */

int image_open_start(struct image_opening *opening, const struct image_source *source,
		     struct error *err)
{
	int ends[2];
	pid_t parent = getpid();

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return error_set(err, -errno, "image", "cannot make a socket pair");
	_cleanup_fd_ int ours = ends[0];
	_cleanup_fd_ int theirs = ends[1];
	pid_t pid = fork();
	if (pid < 0)
		return error_set(err, -errno, "image", "cannot fork");
	if (pid == 0)
		child_main(source, theirs, parent);
	*opening = (struct image_opening){.pid = pid, .socket_fd = TAKE_FD(ours)};
	return 0;
}

static int child_reap(struct image_opening *opening)
{
	int status = 0;

	while (waitpid(opening->pid, &status, 0) < 0 && errno == EINTR)
		;
	fd_close(opening->socket_fd);
	*opening = IMAGE_OPENING_NONE;
	return status;
}

void image_open_finish(struct image_opening *opening, struct image_opened *ret_opened,
		       int ret_fds[IMAGE_FDS])
{
	int fds[PACKET_FDS_MAX], status;
	unsigned count = 0;

	ssize_t n =
		packet_receive(opening->socket_fd, ret_opened, sizeof(*ret_opened), fds, &count);
	/* It has nothing to do any more, and what it did not say it will not. */
	kill(opening->pid, SIGKILL);
	status = child_reap(opening);
	int is_whole = n == (ssize_t)sizeof(*ret_opened) &&
		       count == (ret_opened->code < 0 ? 0 : IMAGE_FDS);
	for (unsigned i = 0; i < IMAGE_FDS; i++)
		ret_fds[i] = is_whole && i < count ? fds[i] : -EBADF;
	if (is_whole)
		return;
	for (unsigned i = 0; i < count; i++)
		fd_close(fds[i]);
	*ret_opened = (struct image_opened){.code = -EIO};
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(ret_opened->sentence, sizeof(ret_opened->sentence),
			 "the image could not be opened within %d s", OPEN_SEC);
	else
		snprintf(ret_opened->sentence, sizeof(ret_opened->sentence),
			 "what was to open the image ended with status 0x%x", (unsigned)status);
}

void image_open_cancel(struct image_opening *opening)
{
	if (opening->pid <= 0)
		return;
	kill(opening->pid, SIGKILL);
	child_reap(opening);
}
