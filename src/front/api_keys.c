#include "front/api_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

enum { FILE_MAX = 64 << 10, RATE_MOST = 1000000 };

static int is_name(const char *text)
{
	size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");

	return n > 0 && n < API_KEY_NAME_SIZE && text[n] == '\0';
}

static int read_count(const char *text, unsigned least, unsigned *ret_count)
{
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n > 7 || text[n] != '\0')
		return -EINVAL;
	unsigned long number = strtoul(text, NULL, 10);
	if (number < least || number > RATE_MOST)
		return -EINVAL;
	*ret_count = (unsigned)number;
	return 0;
}

static int read_hash(const char *hex, uint8_t ret_hash[SHA256_BYTES])
{
	if (strlen(hex) != 2 * SHA256_BYTES || strspn(hex, "0123456789abcdef") != strlen(hex))
		return -EINVAL;
	for (int i = 0; i < SHA256_BYTES; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
		ret_hash[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return 0;
}

/* The next word of a line, or "". */
static const char *next_word(char **line)
{
	const char *word;

	do {
		word = strsep(line, " \t\r");
	} while (word && !*word);
	return word ? word : "";
}

static const char *line_fault(char *line, struct api_key *key)
{
	const char *words[5];

	for (int i = 0; i < 5; i++)
		words[i] = next_word(&line);
	if (!is_name(words[0]))
		return "the name must be 1 to 32 letters, digits, - and _";
	if (read_count(words[1], 0, &key->rate.per_sec) < 0)
		return "the rate must be a whole number from 0 to 1000000";
	if (read_count(words[2], 1, &key->rate.burst) < 0)
		return "the burst must be a whole number from 1 to 1000000";
	if (read_hash(words[3], key->hash) < 0)
		return "the hash must be 64 lower-case hex digits";
	if (*words[4])
		return "there is more after the hash";
	snprintf(key->name, sizeof(key->name), "%s", words[0]);
	return NULL;
}

int api_keys_parse(char *text, struct api_keys *ret_keys, struct error *err)
{
	char *line;

	ret_keys->count = 0;
	for (unsigned number = 1; (line = strsep(&text, "\n")) != NULL; number++) {
		struct api_key key = {.name = ""};
		if (line[strspn(line, " \t\r")] == '\0' || *line == '#')
			continue;
		const char *fault = line_fault(line, &key);
		for (size_t i = 0; !fault && i < ret_keys->count; i++)
			if (strcmp(ret_keys->keys[i].name, key.name) == 0)
				fault = "the name is there twice";
		if (!fault && ret_keys->count == API_KEYS_MAX)
			fault = "there are too many keys";
		if (fault)
			return error_set_plain(err, -EINVAL, "api_keys", "api-keys line %u: %s",
					       number, fault);
		ret_keys->keys[ret_keys->count++] = key;
	}
	return 0;
}

int api_keys_read(const char *folder, struct api_keys *ret_keys, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	char path[512];
	size_t len;

	ret_keys->count = 0;
	snprintf(path, sizeof(path), "%s/api-keys", folder);
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	int r = fd < 0 ? -errno : fd_read_all(fd, FILE_MAX, &text, &len);
	if (r < 0)
		return error_set(err, r, "api_keys",
				 "cannot read api-keys in the data folder (it must be readable to "
				 "the folder's owner)");
	if (memchr(text, '\0', len))
		return error_set_plain(err, -EINVAL, "api_keys", "api-keys is no text");
	return api_keys_parse(text, ret_keys, err);
}

const struct api_key *api_keys_find(const struct api_keys *keys, const char *key)
{
	const struct api_key *found = NULL;
	uint8_t hash[SHA256_BYTES];

	/* What is compared is a hash: how far it agrees tells nothing of a key. */
	sha256_of(key, strlen(key), hash);
	for (size_t i = 0; i < keys->count; i++)
		if (memcmp(keys->keys[i].hash, hash, SHA256_BYTES) == 0)
			found = &keys->keys[i];
	return found;
}
