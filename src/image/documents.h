/*
 * The hash of an image's documents: manifest.json and every other file *.json beside it. One line
 * for each, sorted by name,
 *
 *   NAME " " SIZE " " SHA256 "\n"
 *
 * and the SHA-256 of them all. Runs where images are made, and in sandlot-verify.
 */
#ifndef IMAGE_DOCUMENTS_H
#define IMAGE_DOCUMENTS_H

#include <stdint.h>

#include "base/error.h"
#include "image/digest.h"

#define DOCUMENTS_MANIFEST "manifest.json"

enum {
	DOCUMENTS_MAX = 64,
	DOCUMENTS_NAME_MAX = 64,	 /* with the NUL */
	DOCUMENTS_BYTES_MAX = 256 << 20, /* of all */
};

/*
 * Hashes the documents in folder_fd (borrowed, may be O_PATH). manifest_fd (borrowed, readable):
 * what manifest.json is read from, so that it is the very file another process goes on to use; or
 * -EBADF, to open it as the others. Returns 0; -EINVAL with a text when there is no manifest.json,
 * or a document is not a regular file, has a name with other than [A-Za-z0-9._-], or there are too
 * many; or another negative errno with the name of what could not be read.
 */
int documents_hash(int folder_fd, int manifest_fd, uint8_t ret_sha256[DIGEST_BYTES],
		   struct error *err);

#endif
