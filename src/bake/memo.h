/*
 * Small facts about large inputs that are dear to find out, remembered in the cache's memo/ by a
 * key that changes whenever the input does. What is damaged or missing is found out again. What is
 * read or noted is a part of the image that is made (parts.h), and stays while it does.
 */
#ifndef BAKE_MEMO_H
#define BAKE_MEMO_H

#include "bake/bake.h"

enum { MEMO_TEXT_SIZE = 128 };

/* Reads KIND-KEY's line. Returns 1, or 0 when there is none. */
int memo_read(struct bake *bake, const char *kind, const char *key, char ret_text[MEMO_TEXT_SIZE]);

/* Notes a line, at most MEMO_TEXT_SIZE - 1 bytes of printable text. Returns 0 or a negative errno.
 */
int memo_write(struct bake *bake, const char *kind, const char *key, const char *text,
	       struct error *err);

#endif
