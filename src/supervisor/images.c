#include "supervisor/images.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/fd.h"
#include "base/log.h"
#include "image/stamps.h"
#include "ipc/channel.h"

/* X(state, states that may follow) */
#define FOLLOWS(state) (1u << (state))
#define IMAGE_STATES(X)                                                                            \
	/* Mounted. The first one needs nobody's word. */                                          \
	X(IMAGE_OPENED, FOLLOWS(IMAGE_OFFERED) | FOLLOWS(IMAGE_CURRENT) | FOLLOWS(IMAGE_UNUSED))   \
	/* The front end has its manifest, and may refuse it or die. */                            \
	X(IMAGE_OFFERED, FOLLOWS(IMAGE_CURRENT) | FOLLOWS(IMAGE_UNUSED))                           \
	X(IMAGE_CURRENT, FOLLOWS(IMAGE_RETIRED) | FOLLOWS(IMAGE_UNUSED))                           \
	/* The front end has jobs that need it. */                                                 \
	X(IMAGE_RETIRED, FOLLOWS(IMAGE_UNUSED))                                                    \
	/* Goes when no step runs on it. */                                                        \
	X(IMAGE_UNUSED, 0)

enum image_state {
#define X(state, next) state,
	IMAGE_STATES(X)
#undef X
};

static const unsigned next_states[] = {
#define X(state, next) [state] = (next),
	IMAGE_STATES(X)
#undef X
};

struct image {
	struct image *next;
	enum image_state state;
	uint64_t generation;
	unsigned number; /* among the host's images */
	unsigned steps;	 /* that run on it */
	int manifest_fd;
	int folder_fd; /* holds the lock on it */
	struct image_opened opened;
};

/* ---- life ---- */

/* One line about an image that is served from now on. */
static void image_log(const struct images *images, const struct image *image, const char *event)
{
	const struct image_known *known = &image->opened.known;
	char id[2 * RECORD_HASH_BYTES + 1] = "-";

	if (known->has_record)
		record_hex(known->record.id, id);
	log_info(event, "generation=%llu name=%s id=%s form=%s signed=%s verified=%s path=\"%s\"",
		 (unsigned long long)image->generation,
		 known->has_record ? known->record.name : "-", id,
		 image->opened.form == CELL_IMAGE_EROFS ? "erofs" : "tree",
		 known->code == VERDICT_OK ? "yes" : "no",
		 !known->has_record ? "no"
		 : known->by_stamp  ? "before"
				    : "now",
		 images->source->path);
}

static void image_drop(struct images *images, struct image *image)
{
	struct image **link = &images->first;

	assert(image->state == IMAGE_UNUSED && image->steps == 0);
	while (*link != image)
		link = &(*link)->next;
	*link = image->next;
	cell_host_detach(images->host, image->number);
	fd_close(image->manifest_fd);
	fd_close(image->folder_fd);
	log_info("image_unmounted", "generation=%llu", (unsigned long long)image->generation);
	free(image);
}

/* The one place that changes an image's state. One that is not used any more may be gone after. */
static void image_set_state(struct images *images, struct image *image, enum image_state state)
{
	assert(next_states[image->state] & FOLLOWS(state));
	image->state = state;
	if (state == IMAGE_UNUSED && image->steps == 0)
		image_drop(images, image);
}

static struct image *find_state(struct images *images, enum image_state state)
{
	for (struct image *image = images->first; image; image = image->next)
		if (image->state == state)
			return image;
	return NULL;
}

void images_init(struct images *images, struct loop *loop, struct cell_host *host,
		 const struct image_source *source)
{
	*images = (struct images){
		.loop = loop, .host = host, .source = source, .opening = IMAGE_OPENING_NONE};
}

void images_stop(struct images *images)
{
	images->again = 0;
	if (images->opening.pid > 0)
		loop_remove(images->loop, &images->opened);
	image_open_cancel(&images->opening);
}

void images_fini(struct images *images)
{
	images_stop(images);
	images->current = NULL;
	while (images->first)
		image_set_state(images, images->first, IMAGE_UNUSED);
}

/* ---- a change ---- */

static void change_failed(struct images *images, const char *why)
{
	if (!images->current)
		snprintf(images->failure, sizeof(images->failure), "%s", why);
	else
		log_error("image_kept", "generation=%llu why=\"%s\"",
			  (unsigned long long)images->current->generation, why);
}

/* Whatever came of the change, another may have been asked for meanwhile. */
static void change_done(struct images *images)
{
	if (images->again && images->current) {
		images->again = 0;
		images_change(images);
	}
}

static void image_activate(struct images *images, struct image *image)
{
	const struct image_record *record = &image->opened.known.record;
	int stamps_fd = images->source->trust.stamps_fd;
	struct image *before = images->current;

	image_set_state(images, image, IMAGE_CURRENT);
	images->current = image;
	image_log(images, image, before ? "image_changed" : "image_served");
	/* Best effort: all that is lost is the warning of an older one. */
	if (image->opened.known.code == VERDICT_OK && stamps_fd >= 0) {
		stamps_served(stamps_fd, record);
		stamps_consent_ends(stamps_fd, record, images->asked_usec);
	}
	if (before)
		image_set_state(images, before, IMAGE_RETIRED);
}

/* fds: taken. Returns 0 or a negative errno. */
static int image_add(struct images *images, const struct image_opened *opened,
		     int take_fds[IMAGE_FDS], struct error *err)
{
	_cleanup_fd_ int mount_fd = take_fds[IMAGE_FD_MOUNT];
	_cleanup_fd_ int manifest_fd = take_fds[IMAGE_FD_MANIFEST];
	_cleanup_fd_ int folder_fd = take_fds[IMAGE_FD_FOLDER];
	struct image *image = calloc(1, sizeof(*image));

	if (!image)
		return error_set(err, -ENOMEM, "image", "cannot take another image");
	int number = cell_host_attach(images->host, mount_fd, err);
	if (number < 0) {
		free(image);
		return number;
	}
	*image = (struct image){
		.next = images->first,
		.state = IMAGE_OPENED,
		.generation = ++images->generations,
		.number = (unsigned)number,
		.manifest_fd = TAKE_FD(manifest_fd),
		.folder_fd = TAKE_FD(folder_fd),
		.opened = *opened,
	};
	images->first = image;
	return 0;
}

static void on_opened(struct loop_source *source, uint32_t events)
{
	struct images *images = source->owner;
	struct image_opened opened;
	struct error err = {0};
	int fds[IMAGE_FDS];

	(void)events;
	loop_remove(images->loop, source);
	image_open_finish(&images->opening, &opened, fds);
	if (opened.code < 0)
		change_failed(images, opened.sentence);
	else if (image_add(images, &opened, fds, &err) < 0)
		change_failed(images, err.text);
	else if (!images->current)
		image_activate(images, images->first);
	else
		return; /* it goes on: images_flush() offers it */
	change_done(images);
}

void images_change(struct images *images)
{
	struct error err = {0};

	if (images->opening.pid > 0 || find_state(images, IMAGE_OPENED) ||
	    find_state(images, IMAGE_OFFERED)) {
		images->again = 1;
		return;
	}
	images->asked_usec = stamps_now_usec();
	int r = image_open_start(&images->opening, images->source, &err);
	if (r == 0) {
		images->opened = (struct loop_source){images->opening.socket_fd, on_opened, images};
		r = loop_add(images->loop, &images->opened, EPOLLIN);
		if (r < 0)
			error_set(&err, r, "image", "cannot watch the child");
	}
	if (r < 0) {
		image_open_cancel(&images->opening);
		change_failed(images, err.text);
	}
}

int images_flush(struct images *images, int channel_fd)
{
	struct image *image = images->current ? find_state(images, IMAGE_OPENED) : NULL;
	struct ipc_message message = {.type = IPC_IMAGE};

	if (!image)
		return 0;
	message.image.generation = image->generation;
	int r = channel_send(channel_fd, &message, &image->manifest_fd);
	if (r == -EAGAIN)
		return 1;
	if (r == 0)
		image_set_state(images, image, IMAGE_OFFERED);
	return r;
}

/* ---- what the front end says ---- */

static struct image *find(struct images *images, uint64_t generation, unsigned states)
{
	for (struct image *image = images->first; image; image = image->next)
		if (image->generation == generation && states & FOLLOWS(image->state))
			return image;
	return NULL;
}

static int unknown(const char *what, uint64_t generation, struct error *err)
{
	return error_set_plain(err, -EBADMSG, "image", "%s for generation %llu", what,
			       (unsigned long long)generation);
}

int images_take_ready(struct images *images, uint64_t generation, struct error *err)
{
	struct image *image = find(images, generation, FOLLOWS(IMAGE_OFFERED));

	if (!image)
		return unknown("IMAGE_READY", generation, err);
	image_activate(images, image);
	change_done(images);
	return 0;
}

int images_take_refusal(struct images *images, uint64_t generation, const char *text,
			struct error *err)
{
	struct image *image = find(images, generation, FOLLOWS(IMAGE_OFFERED));

	if (!image)
		return unknown("IMAGE_REFUSED", generation, err);
	change_failed(images, text);
	image_set_state(images, image, IMAGE_UNUSED);
	change_done(images);
	return 0;
}

int images_take_unused(struct images *images, uint64_t generation, struct error *err)
{
	struct image *image = find(images, generation, FOLLOWS(IMAGE_RETIRED));

	if (!image)
		return unknown("IMAGE_UNUSED", generation, err);
	image_set_state(images, image, IMAGE_UNUSED);
	return 0;
}

void images_front_lost(struct images *images)
{
	struct image *image;

	while ((image = find_state(images, IMAGE_RETIRED)) != NULL)
		image_set_state(images, image, IMAGE_UNUSED);
	image = find_state(images, IMAGE_OFFERED);
	if (!image)
		return;
	/* It may be what ended it: so it is not offered to another. */
	change_failed(images, "the front end ended while it read the new image's manifest; SIGHUP "
			      "tries again");
	image_set_state(images, image, IMAGE_UNUSED);
	change_done(images);
}

/* ---- for others ---- */

uint64_t images_generation(const struct images *images)
{
	return images->current->generation;
}

int images_manifest_fd(const struct images *images)
{
	return images->current->manifest_fd;
}

struct image *images_find(struct images *images, uint64_t generation)
{
	return find(images, generation, FOLLOWS(IMAGE_CURRENT) | FOLLOWS(IMAGE_RETIRED));
}

void image_use(struct image *image)
{
	image->steps++;
}

void image_leave(struct images *images, struct image *image)
{
	assert(image->steps > 0);
	if (--image->steps == 0 && image->state == IMAGE_UNUSED)
		image_drop(images, image);
}

unsigned image_number(const struct image *image)
{
	return image->number;
}
