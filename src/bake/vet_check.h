/*
 * Audits looked at without crates: is a file one, and does an audit, known now, speak against what
 * an image was baked with? Both are read in the confined child (confined.h).
 */
#ifndef BAKE_VET_CHECK_H
#define BAKE_VET_CHECK_H

#include <stddef.h>

#include "bake/vet.h"

/* What vet_check_file() counted. */
struct vet_file_counts {
	size_t audits, violations;
	size_t left_out; /* rows that are not taken: see vet_audits.h */
};

/*
 * Is this a file of audits? text: len bytes; source: for messages. Returns 0, or -EINVAL with what
 * is wrong with it.
 */
int vet_check_file(const char *text, size_t len, const char *source,
		   struct vet_file_counts *ret_counts, struct error *err);

/*
 * Do the audits in the crate set's folder `set` (audits.toml, imports/) hold violations that cover
 * a crate which the image has? image: its folder, with vetting.json. ret_reasons: a line each.
 * Returns how many there are, 0 when none; -ENOENT when the image has no vetting.json; other
 * negative errnos.
 */
int vet_check_image(const char *image, const char *set, char ret_reasons[VET_REASONS_SIZE],
		    struct error *err);

#endif
