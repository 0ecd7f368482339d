/*
 * Unpacks archives that are not to be trusted: crates, tarballs, packages, and what cells made. It
 * is done in a child without any rights but to the target folder (confined.h). Regular files and
 * folders with plain relative names are taken; links (unless the rules let them), "..", absolute
 * names, devices, duplicates, names that differ in case only (likewise) and too much of anything
 * are refused, with the archive and the entry named. Nothing existing is ever overwritten, and no
 * link is followed.
 */
#ifndef BAKE_UNPACK_H
#define BAKE_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum unpack_links {
	UNPACK_NO_LINKS,
	UNPACK_INNER_LINKS, /* symbolic links that stay below the target; hard links */
	UNPACK_ANY_LINKS,   /* symbolic links to anywhere; hard links */
};

/* What is in the folder `from` of an archive goes to the folder `to`. */
struct unpack_move {
	const char *from; /* one part of a path */
	const char *to;
};

/* All texts are borrowed. */
struct unpack_rules {
	const char *top;    /* every name must start with this folder, which is left out; or NULL */
	uint64_t files_max; /* files, folders and links */
	uint64_t bytes_max; /* of all files together, unpacked */
	enum unpack_links links;
	int any_case;			 /* 1: names may differ in case only */
	const struct unpack_move *moves; /* or NULL */
	size_t move_count;
};

struct unpack_totals {
	uint64_t files, bytes;
};

/*
 * Unpacks a tar (plain, gzip, xz or zstd) into the folder to, which must exist. As root, that
 * folder and all that is new in it is CONFINED_ID's afterwards, until tree_normalise(); folders
 * that were there already are not written to unless they are CONFINED_ID's, too. Returns 0;
 * -EBADMSG with a text when the archive is refused; another negative errno when it cannot be read
 * or written. After a failure the folder holds whatever came before it. ret_totals may be NULL.
 */
int unpack_tar(const char *archive_path, const char *to, const struct unpack_rules *rules,
	       struct unpack_totals *ret_totals, struct error *err);

/* The same for the files of a Debian package, deb(5). */
int unpack_deb(const char *package_path, const char *to, const struct unpack_rules *rules,
	       struct unpack_totals *ret_totals, struct error *err);

#endif
