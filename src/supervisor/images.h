/*
 * The images of a server: the one that new jobs run on, the one that is to come after it, and those
 * before it for as long as jobs run on them. Runs in the supervisor's loop.
 *
 * A change, and the start as well: a child opens what the image's path leads to now (image_open.h);
 * it is mounted for cells and offered to the front end; when that can read its manifest, it is the
 * current one. Whatever fails on the way leaves the current image as it is. The one before is
 * unmounted when the front end says that it needs it no more, or is gone, and no step runs on it.
 */
#ifndef SUPERVISOR_IMAGES_H
#define SUPERVISOR_IMAGES_H

#include <stdint.h>

#include "base/error.h"
#include "base/loop.h"
#include "sandbox/sandbox.h"
#include "supervisor/image_open.h"

struct image;

struct images {
	struct loop *loop;		   /* borrowed */
	struct cell_host *host;		   /* borrowed */
	const struct image_source *source; /* borrowed */
	struct image *first;		   /* owned; all of them, the latest first */
	struct image *current;		   /* NULL before the first */
	struct image_opening opening;
	struct loop_source opened; /* its socket */
	uint64_t generations;	   /* given so far */
	uint64_t asked_usec;	   /* when the last change began; stamps_now_usec() */
	int again;		   /* a change was asked for while another was on its way */
	char failure[VERDICT_SENTENCE_MAX]; /* why there is no first image; else empty */
};

void images_init(struct images *images, struct loop *loop, struct cell_host *host,
		 const struct image_source *source);

/* Unmounts all. No step may run on any. */
void images_fini(struct images *images);

/* Begins a change to what the path leads to now, after the one that is on its way if there is. */
void images_change(struct images *images);

/* The server is ending: no change any more. */
void images_stop(struct images *images);

/*
 * Offers the front end the image that is to come next, if there is one and it was not yet. Returns
 * 1 when the socket is full, 0, or a negative errno when the peer is gone.
 */
int images_flush(struct images *images, int channel_fd);

/* The front end's answers. Each returns 0, or -EBADMSG when they are none to what it was offered.
 */
int images_take_ready(struct images *images, uint64_t generation, struct error *err);
int images_take_refusal(struct images *images, uint64_t generation, const char *text,
			struct error *err);
int images_take_unused(struct images *images, uint64_t generation, struct error *err);

/* The front end is gone: the next one is started with the current image and knows no other. */
void images_front_lost(struct images *images);

/* For the greeting of a front end; there must be a current image. manifest_fd: borrowed. */
uint64_t images_generation(const struct images *images);
int images_manifest_fd(const struct images *images);

/* The image for a step: that of this generation, if the front end may use it, else NULL. */
struct image *images_find(struct images *images, uint64_t generation);

/* A step runs on it, and has ended. Between the two it stays mounted. */
void image_use(struct image *image);
void image_leave(struct images *images, struct image *image);

/* What cell_launch() is to be told. */
unsigned image_number(const struct image *image);

#endif
