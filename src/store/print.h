/* How numbers, times and JSON are shown to people and programs. */
#ifndef STORE_PRINT_H
#define STORE_PRINT_H

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"

enum { PRINT_SIZE = 32 };

/* "815.2 MB", cut after the tenth; powers of 1000. */
void print_bytes(uint64_t bytes, char ret_text[PRINT_SIZE]);

/* "2025-11-21 12:05 UTC", or "unknown" for 0. */
void print_time(uint64_t sec, char ret_text[PRINT_SIZE]);

/* The same as RFC 3339 text for JSON, or null for 0. Returns a new reference. */
json_t *print_json_time(uint64_t sec);

/* Prints a value on stdout, indented, and drops the reference; NULL is -ENOMEM. */
int print_json(json_t *take_value, struct error *err);

/* Prints a text of somebody else's on stdout: control characters become '?'. */
void print_text(const char *text);

#endif
