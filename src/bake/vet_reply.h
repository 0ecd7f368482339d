/* What confined children answer about crates and audits: used by vet.c, vet_work.c, vet_check.c. */
#ifndef BAKE_VET_REPLY_H
#define BAKE_VET_REPLY_H

#include "bake/confined.h"
#include "bake/vet.h"
#include "bake/vet_set.h"

enum { VET_DOCUMENT_MAX = 32 << 20 };

/* Behind it, as bytes, `count` times a struct vet_state, then the document. */
struct vet_reply {
	uint64_t count, document_len; /* 0 when something is refused */
	uint64_t reasons;	      /* to refuse crates */
	char text[VET_REASONS_SIZE];  /* the reasons, a line each */
};

/* What the child needs, and where it leaves its bytes. Borrowed. */
struct vet_work {
	const struct vet_request *request;
	const struct vet_set *set;
	struct confined_bytes *bytes;
};

/* A confined_work: owner is a struct vet_work, result a struct vet_reply; the folder holds the
 * crates. */
int vet_work(void *owner, void *result, struct error *err);

/* Ends a text of a child and takes what a terminal would act on out of it. */
void vet_tame(char *text, size_t size);

#endif
