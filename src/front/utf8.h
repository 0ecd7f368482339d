/*
 * Bytes a program printed, made into UTF-8 text for people: what is not UTF-8 becomes U+FFFD. Pure.
 *
 * Ill-formed input is replaced as the Unicode Standard recommends (chapter 3, "U+FFFD Substitution
 * of Maximal Subparts") and browsers do: one U+FFFD for each longest start of a sequence.
 */
#ifndef FRONT_UTF8_H
#define FRONT_UTF8_H

#include <stddef.h>

/* The bytes of a character that was cut by the end of a chunk. Zero-initialise; one per stream. */
struct utf8_carry {
	unsigned char bytes[3];
	unsigned char len;
};

/*
 * Turns the next chunk of a stream into text. An incomplete character at the end is held back in
 * carry until the rest comes; last: 1 when nothing more comes, what is held back is then replaced.
 * ret_text: new, NUL-terminated (it may carry NULs of its own), free() it. Returns 0 or -ENOMEM.
 */
int utf8_text(struct utf8_carry *carry, const void *data, size_t len, int last, char **ret_text,
	      size_t *ret_len);

/* Is all of this well-formed UTF-8 (RFC 3629)? */
int utf8_is_valid(const void *data, size_t len);

#endif
