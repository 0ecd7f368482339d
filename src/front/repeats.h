/*
 * Requests that clients send again because they did not see the reply: by the Idempotency-Key they
 * carry, each becomes one job. Remembered in the front end's memory, bounded in number and time; a
 * front end that starts remembers none, as it has none of the jobs either. Any thread.
 */
#ifndef FRONT_REPEATS_H
#define FRONT_REPEATS_H

#include <stdint.h>

#include "front/sha256.h"
#include "front/job.h"

enum {
	REPEATS_MAX = 4096,  /* remembered at most; a later one may take the place of an older */
	REPEAT_KEY_MAX = 128 /* characters of a key */
};

#define REPEATS_USEC (UINT64_C(600) * 1000000)

struct repeats;

struct repeats *repeats_new(void);		       /* NULL when out of memory */
struct repeats *repeats_free(struct repeats *repeats); /* NULL-safe, returns NULL */

/* Is it 1 to REPEAT_KEY_MAX visible characters? Pure. */
int repeat_key_is_valid(const char *key);

/*
 * Looks for this client's key, and keeps others from using the table until repeats_end(). body: the
 * hash of the request. Returns 1 and the job's id, 0 when the key is new, -EEXIST when it came with
 * another body. now_usec: CLOCK_MONOTONIC.
 */
int repeats_begin(struct repeats *repeats, const char *client, const char *key,
		  const uint8_t body[SHA256_BYTES], uint64_t now_usec, char ret_id[JOB_ID_SIZE]);

/* id: of the job that the key repeats_begin() found new became, or NULL when there is none. */
void repeats_end(struct repeats *repeats, const char *id);

#endif
