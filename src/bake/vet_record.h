/*
 * What the operator adds to a crate set's vetting: audits of his own, in cargo-vet's format, and
 * files of others, kept as they are.
 */
#ifndef BAKE_VET_RECORD_H
#define BAKE_VET_RECORD_H

#include <stddef.h>

#include "bake/vet_check.h"
#include "base/error.h"

/* One audit. Exactly one of version, delta ("A -> B") and violation ("<1.2") is set. Borrowed. */
struct vet_record {
	const char *crate;
	const char *version, *delta, *violation;
	const char *who, *criteria, *notes;
};

/* Adds an audit to the folder's audits.toml. Returns 0 or -EINVAL with what is wrong with it. */
int vet_record_add(const char *set, const struct vet_record *record, struct error *err);

/* The audit as text that cargo-vet reads. ret_text: new. */
int vet_record_format(const struct vet_record *record, char **ret_text, struct error *err);

/* A file to import. source is "NAME, ADDRESS, DATE", the date YYYY-MM-DD. Borrowed. */
struct vet_import {
	const char *file;
	const char *source;
};

/*
 * Copies the file unchanged to the folder's imports/ and notes it with its source and SHA-256 in
 * index.json; one of the same name is replaced. ret_counts: what is in it.
 */
int vet_import_add(const char *set, const struct vet_import *import,
		   struct vet_file_counts *ret_counts, struct error *err);

#endif
