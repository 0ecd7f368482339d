#include "front/repeats.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Found by a hash of client and key; a slot holds one, so that the table needs no upkeep: who comes
 * later takes the slot over. */
struct repeat {
	uint8_t name[SHA256_BYTES]; /* hash of client and key */
	uint8_t body[SHA256_BYTES];
	uint64_t until_usec; /* 0: empty */
	char id[JOB_ID_SIZE];
};

struct repeats {
	pthread_mutex_t lock;
	struct repeat slots[REPEATS_MAX];
	struct repeat wanted; /* between begin and end */
};

struct repeats *repeats_new(void)
{
	struct repeats *repeats = calloc(1, sizeof(*repeats));

	if (repeats)
		pthread_mutex_init(&repeats->lock, NULL);
	return repeats;
}

struct repeats *repeats_free(struct repeats *repeats)
{
	if (!repeats)
		return NULL;
	pthread_mutex_destroy(&repeats->lock);
	free(repeats);
	return NULL;
}

int repeat_key_is_valid(const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < len; i++)
		if (key[i] < '!' || key[i] > '~')
			return 0;
	return len >= 1 && len <= REPEAT_KEY_MAX;
}

static struct repeat *slot_of(struct repeats *repeats, const uint8_t name[SHA256_BYTES])
{
	return &repeats->slots[((unsigned)name[0] << 8 | name[1]) % REPEATS_MAX];
}

static void name_make(const char *client, const char *key, uint8_t ret_name[SHA256_BYTES])
{
	struct sha256 sha256;

	sha256_begin(&sha256);
	sha256_add(&sha256, client, strlen(client) + 1);
	sha256_add(&sha256, key, strlen(key));
	sha256_end(&sha256, ret_name);
}

int repeats_begin(struct repeats *repeats, const char *client, const char *key,
		  const uint8_t body[SHA256_BYTES], uint64_t now_usec, char ret_id[JOB_ID_SIZE])
{
	struct repeat wanted = {.until_usec = now_usec + REPEATS_USEC};

	name_make(client, key, wanted.name);
	memcpy(wanted.body, body, SHA256_BYTES);
	pthread_mutex_lock(&repeats->lock);
	repeats->wanted = wanted;
	const struct repeat *slot = slot_of(repeats, wanted.name);
	if (slot->until_usec <= now_usec || memcmp(slot->name, wanted.name, SHA256_BYTES) != 0)
		return 0;
	if (memcmp(slot->body, body, SHA256_BYTES) != 0)
		return -EEXIST;
	memcpy(ret_id, slot->id, JOB_ID_SIZE);
	return 1;
}

void repeats_end(struct repeats *repeats, const char *id)
{
	if (id) {
		snprintf(repeats->wanted.id, sizeof(repeats->wanted.id), "%s", id);
		*slot_of(repeats, repeats->wanted.name) = repeats->wanted;
	}
	pthread_mutex_unlock(&repeats->lock);
}
