#include "image/key_choose.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "image/date.h"

void key_host_name(char ret_name[RECORD_NAME_MAX])
{
	char host[RECORD_NAME_MAX] = "";

	if (gethostname(host, sizeof(host) - 1) < 0)
		host[0] = '\0';
	for (char *at = host; *at; at++) {
		unsigned char c = (unsigned char)*at;
		*at = isascii(c) && isalnum(c) ? (char)tolower(c) : c == '.' ? '.' : '-';
	}
	snprintf(ret_name, RECORD_NAME_MAX, "%s", record_name_is_valid(host) ? host : "sandlot");
}

static int refuse_several(const struct key_files *files, const struct key_names *names,
			  struct error *err)
{
	char list[128] = "";
	size_t used = 0;

	for (size_t i = 0; i < names->count && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, " %s", names->names[i]);
	return error_set_plain(err, -EINVAL, "keys",
			       "%.60s has several private keys; choose one with --key:%s",
			       files->path, list);
}

/* The key to take when none is named, or NULL. */
static const char *find_own(const struct key_names *names, const char *host)
{
	if (names->count == 1)
		return names->names[0];
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->names[i], host) == 0)
			return names->names[i];
	return NULL;
}

int key_choose(struct key_files *files, const char *name, uint64_t now_sec,
	       struct public_key *ret_key, EVP_PKEY **ret_private, struct error *err)
{
	char expires[DATE_SIZE], host[RECORD_NAME_MAX];
	struct key_names names;
	struct public_key key;
	int made = 0;

	int r = key_files_list(files, KEY_PRIVATE_SUFFIX, &names, err);
	if (r < 0)
		return r;
	key_host_name(host);
	if (!name)
		name = find_own(&names, host);
	if (!name && names.count > 0)
		return refuse_several(files, &names, err);
	if (!name) {
		name = host;
		made = 1;
		r = key_files_make(files, name, now_sec, 0, &key, err);
		if (r < 0)
			return r;
	}
	r = key_files_read_private(files, name, &key, ret_private, err);
	if (r < 0)
		return r;
	if (key_is_expired(&key, now_sec)) {
		EVP_PKEY_free(*ret_private);
		date_encode(key.expires_sec, expires);
		return error_set_plain(err, -EKEYEXPIRED, "keys",
				       "the key %s has expired on %s; make another with `sandlot "
				       "key new` and choose it with --key",
				       name, expires);
	}
	*ret_key = key;
	return made;
}
