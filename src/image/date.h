/* Days as people write them, in UTC. Needs libc only. Pure. */
#ifndef IMAGE_DATE_H
#define IMAGE_DATE_H

#include <stdint.h>

#include "base/error.h"

#define SEC_PER_DAY UINT64_C(86400)

enum { DATE_SIZE = 11 }; /* "2031-05-01" and NUL */

/* Reads "YYYY-MM-DD", a day from 1970 to 9999. Returns 0 with its first second since 1970, or
 * -EINVAL. */
int date_decode(const char *text, uint64_t *ret_sec);

/* The day a second is in; what is later than 9999 is shown as its last day. */
void date_encode(uint64_t sec, char ret_text[DATE_SIZE]);

/*
 * Reads when something is to expire, as options take it: a day as above, which must be to come, or
 * how long from now_sec: "2y", "18m", "90d" (at most 100 years). Returns 0, or -EINVAL with a text
 * that names option.
 */
int date_expiry(const char *option, const char *text, uint64_t now_sec, uint64_t *ret_sec,
		struct error *err);

#endif
