/*
 * Verifying an image: its record's signature, its documents, and what is going to be mounted. This
 * is the work of sandlot-verify, which does it confined for a server (verdict.h), and of commands
 * that look at images as whoever calls them.
 */
#ifndef IMAGE_VERIFY_H
#define IMAGE_VERIFY_H

#include <stdint.h>

#include "base/error.h"
#include "image/key_files.h"
#include "image/record.h"
#include "image/verdict.h"

/* All fds are borrowed. */
struct image_verify {
	int folder_fd;	       /* the image's folder, may be O_PATH */
	int content_fd;	       /* the tree's top, may be O_PATH; or image.erofs, readable */
	int manifest_fd;       /* manifest.json as it is going to be read; -EBADF: the folder's */
	enum record_form form; /* what content_fd is */
	int is_quick;	       /* 1: read no content, see verdict.h */
	/*
	 * The trusted ones. NULL: signature and age are not looked at, and whoever is about to sign
	 * learns whether the record is true: unsigned, with a record, is the best that comes of it.
	 */
	const struct key_files *keys;
	uint64_t now_sec;
};

/*
 * Verifies. Whatever comes of it is a verdict, with a text where there is more to say; the verdict
 * is one that verdict_encode() takes.
 */
void image_verify(const struct image_verify *request, struct verdict *ret_verdict);

/*
 * Opens an image's folder by path and verifies fully the forms asked for (enum record_form, or-ed;
 * 0: those its record names), until one is neither ok nor unsigned. Returns 0 with the verdict on
 * the last it looked at, or a negative errno with a text when the folder cannot be opened.
 */
int image_verify_folder(const char *folder, const struct key_files *keys, unsigned forms,
			uint64_t now_sec, struct verdict *ret_verdict, struct error *err);

/* The same, quickly: signature, age and documents of the first form that the record names. */
int image_verify_folder_quick(const char *folder, const struct key_files *keys, uint64_t now_sec,
			      struct verdict *ret_verdict, struct error *err);

#endif
