/* File contents as Piston's clients may encode them. Pure. */
#ifndef FRONT_PISTON_DECODE_H
#define FRONT_PISTON_DECODE_H

#include <stddef.h>

/*
 * Decode len characters to to, which has room for as many bytes. Base64 is of either alphabet (RFC
 * 4648, 4 and 5), with padding or without; white space counts for nothing. Return 0 and the number
 * of bytes, or -EINVAL.
 */
int piston_decode_base64(const char *text, size_t len, char *to, size_t *ret_len);
int piston_decode_hex(const char *text, size_t len, char *to, size_t *ret_len);

#endif
