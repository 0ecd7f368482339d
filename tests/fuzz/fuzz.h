/*
 * What every fuzz target includes. A target is fuzz_NAME.c with one function, which is linked with
 * the modules it tests (fuzz.mk) and either libFuzzer or replay.c. It may not keep state from one
 * input to the next, nor write outside of memory.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tests one input. Returns 0; what is wrong ends the process. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What must hold whatever the input. */
#define FUZZ_ASSERT(condition)                                                                     \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__,          \
				#condition);                                                       \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A terminated copy, cut at the first NUL. To be freed. */
static inline char *fuzz_text(const uint8_t *data, size_t len)
{
	char *text = malloc(len + 1);

	FUZZ_ASSERT(text);
	if (len)
		memcpy(text, data, len);
	text[len] = '\0';
	return text;
}

/* A copy whose end is the allocation's, so that reading beyond it is seen. To be freed. */
static inline void *fuzz_copy(const uint8_t *data, size_t len)
{
	void *copy = calloc(1, len ? len : 1);

	FUZZ_ASSERT(copy);
	if (len)
		memcpy(copy, data, len);
	return copy;
}

#endif
