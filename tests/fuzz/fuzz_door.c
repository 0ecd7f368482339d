/*
 * Small texts that clients send besides bodies, and snippets: ranges of versions, encoded files,
 * X-Forwarded-For. Input: which reader, then the text.
 */
#include "fuzz.h"

#include <errno.h>

#include "front/http_proxies.h"
#include "front/json_read.h"
#include "front/piston_decode.h"
#include "front/semver_range.h"
#include "front/snippets_internal.h"

static void read_version(const char *text, size_t len)
{
	struct semver version, again;
	char formatted[SEMVER_TEXT_SIZE];

	(void)len;
	if (semver_coerce(text, &version) < 0)
		version = (struct semver){.parts = {1, 2, 3}};
	semver_format(&version, formatted);
	FUZZ_ASSERT(semver_coerce(formatted, &again) == 0);
	FUZZ_ASSERT(semver_compare(&version, &again) == 0);
	FUZZ_ASSERT(semver_in_range(&version, formatted) == 1);
	int r = semver_in_range(&version, text);
	FUZZ_ASSERT(r == 0 || r == 1 || r == -EINVAL);
}

static void decode(int (*decoder)(const char *, size_t, char *, size_t *), const char *text,
		   size_t len)
{
	/* Exactly as much room as is promised to do. */
	char *to = malloc(len ? len : 1);
	size_t used = 0;

	FUZZ_ASSERT(to);
	int r = decoder(text, len, to, &used);
	FUZZ_ASSERT(r == -EINVAL || (r == 0 && used <= len));
	free(to);
}

static void read_base64(const char *text, size_t len)
{
	decode(piston_decode_base64, text, len);
}

static void read_hex(const char *text, size_t len)
{
	decode(piston_decode_hex, text, len);
}

static void read_forwarded(const char *text, size_t len)
{
	char address[HTTP_ADDRESS_SIZE];
	struct http_proxies proxies;
	struct net_prefix prefix;

	(void)len;
	FUZZ_ASSERT(http_proxies_read("127.0.0.1,10.0.0.0/8,2001:db8::/32", &proxies, NULL) == 0);
	http_proxies_client(&proxies, "127.0.0.1", text, address);
	FUZZ_ASSERT(net_prefix_parse(address, strlen(address), &prefix) == 0 && prefix.bits == 128);
	http_proxies_read(text, &proxies, NULL);
}

static void read_snippet(const char *text, size_t len)
{
	json_t *body = NULL, *document = NULL, *again = NULL;
	struct error err = {0};
	char id[SNIPPET_ID_SIZE];
	uint8_t hash[SHA256_BYTES];

	if (json_read_object(text, len, &body, &err) < 0)
		return;
	int r = snippet_document_read(body, &document, &err);
	if (r < 0) {
		FUZZ_ASSERT((r == -EINVAL || r == -E2BIG) && err.text[0]);
		json_decref(body);
		return;
	}
	char *once = snippet_document_text(document);
	FUZZ_ASSERT(once && snippet_document_read(document, &again, &err) == 0);
	char *twice = snippet_document_text(again);
	FUZZ_ASSERT(twice && strcmp(once, twice) == 0);
	sha256_of(once, strlen(once), hash);
	snippet_id(hash, (unsigned)(len % SNIPPET_ATTEMPTS), id);
	FUZZ_ASSERT(snippet_id_is_valid(id));
	free(once);
	free(twice);
	json_decref(again);
	json_decref(document);
	json_decref(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct {
		void (*read)(const char *text, size_t len);
		int is_terminated; /* else it ends where its allocation does */
	} readers[] = {{read_version, 1},
		       {read_base64, 0},
		       {read_hex, 0},
		       {read_forwarded, 1},
		       {read_snippet, 0}};

	if (len < 1)
		return 0;
	size_t reader = data[0] % (sizeof(readers) / sizeof(readers[0]));
	char *text = readers[reader].is_terminated ? fuzz_text(data + 1, len - 1)
						   : fuzz_copy(data + 1, len - 1);
	readers[reader].read(text, len - 1);
	free(text);
	return 0;
}
