/*
 * Whether an image is to be served: has it verified, quickly when a stamp says that its bytes were
 * before, and applies what the operator allows. Runs in the child that opens images.
 */
#ifndef SUPERVISOR_IMAGE_TRUST_H
#define SUPERVISOR_IMAGE_TRUST_H

#include <sys/types.h>

#include "base/error.h"
#include "image/verdict.h"
#include "sandbox/sandbox.h"

/* By what means, and what is allowed. Everything is borrowed. */
struct image_trust {
	int verify_fd;	      /* sandlot-verify (O_PATH) */
	int stamps_fd;	      /* stamps.h; -EBADF: none can be kept */
	const char *keys_dir; /* path of the folder of trusted keys; it need not be there */
	uid_t user;	      /* sandlot-verify becomes */
	int own_user_namespace;
	int allow_unsigned, allow_older;
};

/* What is known of an image that is to be served. */
struct image_known {
	enum verdict_code code; /* VERDICT_OK, or VERDICT_UNSIGNED where that is allowed */
	int has_record;
	struct image_record record;
	int by_stamp; /* 1: its bytes were verified before, and have not been touched since */
};

/*
 * Judges the image. path: what people call it. manifest_fd: as it is going to be read. Returns 0,
 * or a negative errno with a sentence that says why not and what to do.
 */
int image_trust_judge(const struct image_trust *trust, const char *path,
		      const struct cell_image *image, int manifest_fd,
		      struct image_known *ret_known, char ret_sentence[VERDICT_SENTENCE_MAX]);

#endif
