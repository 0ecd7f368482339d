/*
 * Reads an exported image (archive.h) from its beginning to its end, once, without seeking, in
 * bounded memory: a chunk of 4 MiB and its window. For bytes of anybody's: it runs in the confined
 * child of an import (import_child.h). Every way in which a file can be wrong has a message of its
 * own.
 */
#ifndef STORE_ARCHIVE_READ_H
#define STORE_ARCHIVE_READ_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "store/archive.h"

/* Who gets what was read. Each returns 0, or a negative errno to stop. All are required. */
struct archive_sink {
	int (*head)(void *owner, const struct archive_head *head, struct error *err);
	/* size bytes follow by data(). name is as archive_get_name() has it. */
	int (*document)(void *owner, const char *name, uint32_t size, struct error *err);
	int (*data)(void *owner, const void *data, size_t len, struct error *err);
	/* The next bytes of the EROFS file; read: bytes of the exported file so far. */
	int (*plain)(void *owner, const void *data, size_t len, uint64_t read, struct error *err);
	void *owner;
};

/*
 * Returns 0 when the file is whole, holds what its head announces, each chunk is what the list
 * says, and nothing follows. -EBADMSG with a text when not; -ENOMEM; what read(2) or the sink gave.
 * Whether head and documents are what somebody signed is not looked at.
 */
int archive_read(int fd, const struct archive_sink *sink, struct error *err);

#endif
