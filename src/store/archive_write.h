/* Writes an exported image (archive.h). */
#ifndef STORE_ARCHIVE_WRITE_H
#define STORE_ARCHIVE_WRITE_H

#include <stdint.h>

#include "base/error.h"
#include "image/record.h"
#include "store/meter.h"

/* Everything is borrowed. */
struct archive_write {
	const char *folder; /* the image's: image.erofs and the documents are read there */
	const struct image_record *record;
	int level;	     /* zstd's */
	struct meter *meter; /* told of the EROFS file's bytes */
};

/*
 * Writes all of it to to_fd (borrowed) from where that stands, which counts as the beginning. The
 * same image gives the same bytes with the same libzstd, however many processors there are. Returns
 * 0; -EBADMSG with a text when the EROFS file is not the record's; -EINTR; another negative errno.
 */
int archive_write(const struct archive_write *spec, int to_fd, struct error *err);

#endif
