/*
 * Opening an image: done by a child, so that the supervisor's loop never waits for a disk. The
 * child goes back to the host's mount namespace, follows the path as it stands now, has what it
 * finds verified (image_trust.h), mounts it in no namespace yet, and hands its fds over. It lives
 * for that only, and dies with the supervisor.
 *
 * fds the child has: those of struct image_source, 2 the log, 3 its end of a socket pair.
 */
#ifndef SUPERVISOR_IMAGE_OPEN_H
#define SUPERVISOR_IMAGE_OPEN_H

#include <errno.h>
#include <sys/types.h>

#include "base/error.h"
#include "sandbox/sandbox.h"
#include "supervisor/image_trust.h"

/* What is to be opened, and by what means. Everything is borrowed. */
struct image_source {
	const char *path; /* the image's folder, or a link to it */
	unsigned how;	  /* enum cell_image_how, or-ed */
	int host_ns_fd;	  /* the mount namespace in which path means something … */
	int folder_fd;	  /* … when it is relative, to this folder */
	struct image_trust trust;
};

/* What came of it: one packet from the child. */
struct image_opened {
	int code;			     /* 0, or a negative errno … */
	char sentence[VERDICT_SENTENCE_MAX]; /* … and why, for people */
	enum cell_image_form form;
	struct image_known known;
};

/* The fds that come with it when code is 0; each is the receiver's. */
enum image_fd {
	IMAGE_FD_MOUNT,	   /* attached nowhere */
	IMAGE_FD_MANIFEST, /* manifest.json, read-only, a regular file */
	IMAGE_FD_FOLDER,   /* the image's folder, with a shared flock(2) on it */
	IMAGE_FDS,
};

/* A child at work. */
struct image_opening {
	pid_t pid;
	int socket_fd; /* readable when it has ended, well or not */
};

#define IMAGE_OPENING_NONE ((struct image_opening){.socket_fd = -EBADF})

/* Starts a child. Returns 0 or a negative errno. */
int image_open_start(struct image_opening *opening, const struct image_source *source,
		     struct error *err);

/*
 * Takes what the child has to say, waiting for it if need be, and reaps it. Always fills
 * ret_opened; ret_fds: new where its code is 0, else -EBADF.
 */
void image_open_finish(struct image_opening *opening, struct image_opened *ret_opened,
		       int ret_fds[IMAGE_FDS]);

/* Ends it without waiting for its work. Harmless when there is none. */
void image_open_cancel(struct image_opening *opening);

#endif
