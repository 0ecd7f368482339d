/*
 * What sandlot-verify found out about an image, as the one fixed-size packet it writes: all that a
 * privileged process reads of it. Needs libc only, so that such a process can include it. Pure.
 *
 * How sandlot-verify is called
 *
 *   sandlot-verify HOW FORM USER NAMESPACE
 *     HOW        full: hash what is mounted. quick: look at names and metadata of a tree, and
 *                nothing of an EROFS file; the caller has a stamp to compare with (below).
 *     FORM       tree or erofs: which of the image's forms is going to be mounted
 *     USER       the user and group id to become, in decimal
 *     NAMESPACE  host: we are root of the host and become USER. own: we are root of a user
 *                namespace only; we make another, in which we are called USER and rule nothing
 *   fd 0  /dev/null
 *   fd 1  a pipe or socket: VERDICT_BYTES bytes are written to it, once
 *   fd 2  where a line goes when there can be no verdict
 *   fd 3  the image's folder, readable (O_RDONLY or O_PATH): image.record, the documents
 *   fd 4  what is going to be mounted: the tree's top (O_RDONLY or O_PATH), or image.erofs
 *         (O_RDONLY)
 *   fd 5  manifest.json as the front end is going to read it (O_RDONLY); where it stands is left
 *   fd 6  the folder of trusted keys (O_RDONLY or O_PATH); closed: no key is trusted
 *
 * Nothing else may be open, no environment is needed. It can be started with the mounts of any
 * namespace that has its libraries. It confines itself before it reads a byte of the image or of
 * the keys: USER needs to be able to read all of both. Status 0: a verdict was written.
 *
 * Stamps. For a tree: `quick` of a verdict that was ok. When a quick verdict is ok and
 * verdict_fits() the stamp, the tree is what was hashed then. For an EROFS file: the caller's own
 * fstat(2) of fd 4, from before the verification, with device, inode, size and change time; the
 * signature, its key and the documents are still to be verified quickly. A stamp belongs to a
 * tree_sha256 (erofs_sha256), so keep that with it: an image may be signed anew.
 */
#ifndef IMAGE_VERDICT_H
#define IMAGE_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "image/record.h"

/*
 * X(constant, word, what the image is, how to mend that or NULL), in the order in which they are
 * looked for: what was altered is told only when the signature is good, or there is none.
 */
#define VERDICTS(X)                                                                                \
	X(VERDICT_OK, "ok", "is as it was signed", NULL)                                           \
	X(VERDICT_UNREADABLE, "unreadable", "cannot be verified", NULL)                            \
	X(VERDICT_BAD_RECORD, "bad-record", "has an image.record that is none",                    \
	  "bake or import the image again")                                                        \
	X(VERDICT_UNKNOWN_KEY, "unknown-key", "is signed with a key that is not trusted here",     \
	  "if you trust its owner, put the key's .pub file into the folder of keys")               \
	X(VERDICT_BAD_SIGNATURE, "bad-signature", "has an image.record that was altered",          \
	  "bake or import the image again")                                                        \
	X(VERDICT_KEY_EXPIRED, "key-expired", "is signed with a key that has expired",             \
	  "sign the image with a newer key")                                                       \
	X(VERDICT_IMAGE_EXPIRED, "image-expired", "has expired", "bake a newer one")               \
	X(VERDICT_OTHER_FORM, "other-form", "is not signed in this form",                          \
	  "bake or import the image again")                                                        \
	X(VERDICT_ALTERED_DOCUMENTS, "altered-documents", "is not what its record says",           \
	  "bake or import the image again")                                                        \
	X(VERDICT_ALTERED_TREE, "altered-tree", "is not what its record says",                     \
	  "bake or import the image again")                                                        \
	X(VERDICT_ALTERED_EROFS, "altered-erofs", "is not what its record says",                   \
	  "bake or import the image again")                                                        \
	X(VERDICT_UNSIGNED, "unsigned", "is not signed",                                           \
	  "sign it with `sandlot image sign`, or take it as it is with --allow-unsigned")

enum verdict_code {
#define X(constant, word, what, remedy) constant,
	VERDICTS(X)
#undef X
		VERDICT_COUNT
};

enum {
	VERDICT_BYTES = 816,
	VERDICT_TEXT_MAX = 192,
	VERDICT_SENTENCE_MAX = 1024,
	VERDICT_QUICK_BYTES = 32,
};

struct verdict {
	enum verdict_code code;
	int has_record; /* 1: record is what image.record holds; 0: there is none, or it is none */
	struct image_record record;
	/* Of a tree that is ok or unsigned: tree_hash.h. All 0: none, do not make a stamp. */
	uint8_t quick[VERDICT_QUICK_BYTES];
	char signer[RECORD_NAME_MAX]; /* what the trusted key that signed is called here, or "" */
	char text[VERDICT_TEXT_MAX];  /* printable ASCII: which file, which key, when; or "" */
};

/* Writes the bytes. verdict: valid as verdict_decode() has it (asserted). */
void verdict_encode(const struct verdict *verdict, uint8_t ret_bytes[VERDICT_BYTES]);

/*
 * Reads the bytes; len: how many there are. Returns 0, or -EINVAL with a text. Guarantees the
 * ranges above; that a record, where there is one, is valid; that ok has a signed record and a
 * signer, and that unsigned has no signed one. It cannot guarantee that the verdict is true.
 */
int verdict_decode(const void *bytes, size_t len, struct verdict *ret_verdict, struct error *err);

/* "altered-tree". Static. */
const char *verdict_word(enum verdict_code code);

/*
 * One sentence: "the image PATH is not what its record says (usr/bin/python3 has other bytes); bake
 * or import the image again". image: the path people know it by. Cut when it is too long.
 */
void verdict_sentence(const struct verdict *verdict, const char *image,
		      char ret_sentence[VERDICT_SENTENCE_MAX]);

/* Is there a quick digest, and is it this one? Returns 1 or 0. */
int verdict_fits(const struct verdict *verdict, const uint8_t quick[VERDICT_QUICK_BYTES]);

/*
 * Makes text of another source one that a verdict may carry: bytes other than printable ASCII
 * become '?', what is too long is cut.
 */
void verdict_set_text(struct verdict *verdict, const char *text);

#endif
