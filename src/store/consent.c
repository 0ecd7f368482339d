#include "store/consent.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "image/stamps.h"
#include "store/server.h"

/* The server's stamps. Returns an fd, or a negative errno: -ENOENT when there are none. */
static int stamps_of(const struct options *options, struct error *err)
{
	char path[PATH_MAX];

	int r = stamps_folder(options->stamps, geteuid() == 0, path, err);
	return r < 0 ? r : stamps_open_existing(path, err);
}

/* What the folder's name says is what the operator sees, and means. */
static int check_id(const struct store_image *image, struct error *err)
{
	char id[2 * RECORD_HASH_BYTES + 1];

	record_hex(image->record.id, id);
	if (strcmp(id, image->id) == 0)
		return 0;
	return error_set_plain(err, -EINVAL, "record",
			       "the record in the folder of %.*s is of another image, %.*s",
			       STORE_ID_SHORT, image->id, STORE_ID_SHORT, id);
}

static int give(const struct options *options, const struct store_image *image, struct error *err)
{
	int r = check_id(image, err);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd = stamps_of(options, err);
	/* Where nothing was ever served, nothing is older than that. */
	if (fd == -ENOENT && !options->stamps)
		return 0;
	if (fd < 0)
		return fd;
	r = stamps_consent(fd, &image->record);
	return r < 0 ? error_set(err, r, "stamps", "cannot write in the folder of stamps") : 0;
}

void consent_give(const struct verb *verb, const struct options *options,
		  const struct store_image *image)
{
	struct error err = {.text = ""};
	pid_t pid;
	uid_t user;

	if (!image->has_record)
		return; /* nobody can tell how old it is, and no server asks */
	int r = give(options, image, &err);
	if (server_of_another(options->link, &pid, &user))
		fprintf(stderr,
			"sandlot image %s: the server (pid %d) is another user's, and what it may "
			"go back to is his to say: if it refuses the image as older, run this as "
			"him (sudo -u '#%u' sandlot image %s ...)\n",
			verb->name, pid, user, verb->name);
	else if (r < 0)
		fprintf(stderr,
			"sandlot image %s: no server can be told that this image is wanted even if "
			"older: %s; if it is refused, run this as the server's user, with the "
			"--stamps it has, or start the server with --allow-older\n",
			verb->name, err.text);
}

void consent_ask(const struct verb *verb, const struct options *options,
		 const struct store_image *image)
{
	const struct image_record *record = &image->record;
	_cleanup_fd_ int fd = image->has_record ? stamps_of(options, NULL) : -EBADF;

	if (fd < 0 || record->baked_sec >= stamps_newest(fd, record->name) ||
	    stamps_consented(fd, record))
		return;
	fprintf(stderr,
		"sandlot image %s: a newer \"%s\" was served here, so a server refuses this one; "
		"if it is wanted, say --allow-older\n",
		verb->name, record->name);
}
