/*
 * SHA-256 by OpenSSL, as bytes or lower-case hex. What a thing was made from is hashed as named,
 * length-prefixed fields, so that no two lists of inputs can give the same bytes.
 */
#ifndef IMAGE_DIGEST_H
#define IMAGE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
	DIGEST_BYTES = 32,
	DIGEST_HEX_SIZE = 65,	 /* 64 digits and NUL */
	DIGEST_CHUNK = 256 << 10 /* what files are read in */
};

struct digest {
	void *context; /* EVP_MD_CTX; owned */
	int failed;    /* first negative errno, 0 while all is well */
};

/* Starts; every digest_begin() wants one digest_end(). Failures are sticky and come out at the end.
 */
void digest_begin(struct digest *digest);

void digest_add(struct digest *digest, const void *data, size_t len);

/* Adds a field: the lengths of name and data, then both. */
void digest_field(struct digest *digest, const char *name, const void *data, size_t len);
void digest_field_text(struct digest *digest, const char *name, const char *text);

/* Ends and frees. Returns 0, or a negative errno and an empty ret_hex. */
int digest_end(struct digest *digest, char ret_hex[DIGEST_HEX_SIZE], struct error *err);

/* The same as bytes. Returns 0, or a negative errno and nothing in ret_bytes. */
int digest_end_bytes(struct digest *digest, uint8_t ret_bytes[DIGEST_BYTES], struct error *err);

/*
 * Takes the result so far as bytes and starts anew, which is quicker than another digest. Returns 0
 * or a negative errno; the digest is to be ended or dropped in both cases.
 */
int digest_next(struct digest *digest, uint8_t ret_bytes[DIGEST_BYTES], struct error *err);

/* Ends without a result: for error paths. */
void digest_drop(struct digest *digest);

/*
 * Adds what fd (borrowed) holds from its beginning to its end, wherever it stands (pread(2)).
 * chunk: DIGEST_CHUNK bytes to read into. name: for messages. Returns 0 or a negative errno.
 */
int digest_add_file(struct digest *digest, int fd, const char *name, void *chunk,
		    uint64_t *ret_size, struct error *err);

/* Hashes what fd (borrowed) holds from its beginning, as digest_add_file(). */
int digest_fd(int fd, const char *name, uint8_t ret_bytes[DIGEST_BYTES], uint64_t *ret_size,
	      struct error *err);

/* Hashes a regular file, which may not be a symbolic link. ret_size may be NULL. */
int digest_file(const char *path, char ret_hex[DIGEST_HEX_SIZE], uint64_t *ret_size,
		struct error *err);

/* Is it 64 lower-case hex digits? Returns 1 or 0. */
int digest_is_hex(const char *text);

#endif
