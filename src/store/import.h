/*
 * Bringing an exported image into a folder. Its bytes may be anybody's, so a confined child
 * (bake/confined.h) unpacks them: it has the exported file open for reading, can write into the
 * folder, and nothing else. It checks the record's signature before it unpacks anything, so that
 * what no trusted key signed costs next to nothing. The caller goes on to verify what came of it:
 * that the child says it is well is worth nothing by itself.
 */
#ifndef STORE_IMPORT_H
#define STORE_IMPORT_H

#include "base/error.h"
#include "store/meter.h"
#include "store/signers.h"

/* Everything is borrowed. */
struct import {
	int from_fd;	    /* the exported file, from where it stands to its end; may be a pipe */
	const char *from;   /* what messages call it */
	const char *folder; /* empty; given to the child, and root's again afterwards */
	const struct signers *signers;
	int may_be_unsigned; /* 1: also an image that nobody signed */
	struct meter *meter; /* told of the exported file's bytes */
};

/*
 * Unpacks: image.erofs, image.record and the documents. Returns 0; -EBADMSG with a text when the
 * file is damaged or no exported image; -EKEYREJECTED when it is not signed as wanted; -ENOSPC;
 * -EINTR; another negative errno. After a failure the folder holds whatever came before it.
 */
int import_unpack(const struct import *import, struct error *err);

#endif
