/*
 * Which files of a folder of this machine's go into an image: those that match a "keep" pattern and
 * no "drop" pattern. Symbolic links must stay inside the folder.
 */
#ifndef BAKE_FOLDER_FILES_H
#define BAKE_FOLDER_FILES_H

#include <jansson.h>

#include "bake/progress.h"
#include "base/error.h"
#include "image/digest.h"

/* All borrowed. The patterns are arrays of texts for fnmatch(3), in which `*` matches `/` too. */
struct folder_files {
	const char *folder;
	const json_t *keep; /* NULL: everything */
	const json_t *drop; /* NULL: nothing */
};

/* Hashes path, size, time and inode of each file: quick, changes whenever a file does. */
int folder_files_identity(const struct folder_files *files, char ret_hex[DIGEST_HEX_SIZE],
			  struct error *err);

/* Copies the files below a folder, which is made; modes become 0644 or 0755. */
int folder_files_copy(const struct folder_files *files, const char *to, struct progress *progress,
		      struct error *err);

#endif
