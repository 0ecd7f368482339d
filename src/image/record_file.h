/* image.record in an image's folder. */
#ifndef IMAGE_RECORD_FILE_H
#define IMAGE_RECORD_FILE_H

#include "base/error.h"
#include "image/record.h"

/*
 * Reads the record in folder_fd (borrowed, may be O_PATH). Returns 0; -ENOENT when there is none;
 * -EINVAL with a text when the file is none; or another negative errno.
 */
int record_read(int folder_fd, struct image_record *ret_record, struct error *err);

/* Writes it, in one step over one that is there; on the disk when it returns. Returns 0 or a
 * negative errno. */
int record_write(int folder_fd, const struct image_record *record, struct error *err);

#endif
