/*
 * Which files of a rustup tool chain go into an image: the recipe's "keep" patterns less its "drop"
 * patterns.
 */
#ifndef BAKE_RUST_FILES_H
#define BAKE_RUST_FILES_H

#include <jansson.h>

#include "image/digest.h"
#include "bake/progress.h"
#include "base/error.h"

/* Hashes path, size, time and inode of each file: quick, changes whenever a file does. */
int rust_files_identity(const char *toolchain, const json_t *rust, char ret_hex[DIGEST_HEX_SIZE],
			struct error *err);

/* Copies the files to a folder, which is made; returns the hash of their paths and contents. */
int rust_files_copy(const char *toolchain, const json_t *rust, const char *to,
		    struct progress *progress, char ret_hex[DIGEST_HEX_SIZE], struct error *err);

#endif
