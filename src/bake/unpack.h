/*
 * Unpacks archives that are not to be trusted: crates, and what cells made. Only regular files and
 * folders with plain relative names are taken; links, "..", absolute names, devices, duplicates,
 * names that differ in case only and too much of anything are refused, with the archive and the
 * entry named. Nothing existing is ever overwritten.
 */
#ifndef BAKE_UNPACK_H
#define BAKE_UNPACK_H

#include <stdint.h>

#include "base/error.h"

struct unpack_rules {
	const char *top;    /* every name must start with this folder, which is left out; or NULL */
	uint64_t files_max; /* files and folders */
	uint64_t bytes_max; /* of all files together, unpacked */
};

struct unpack_totals {
	uint64_t files, bytes;
};

/*
 * Unpacks a tar (plain or gzip) into the folder to, which must exist. Returns 0; -EBADMSG with a
 * text when the archive is refused; another negative errno when it cannot be read or written. After
 * a failure the folder holds whatever came before it. ret_totals may be NULL.
 */
int unpack_tar(const char *archive_path, const char *to, const struct unpack_rules *rules,
	       struct unpack_totals *ret_totals, struct error *err);

#endif
