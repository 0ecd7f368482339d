/* What is in a snippet: reading it strictly, and the one text and id that its content has. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "front/api_request.h"
#include "front/snippets_internal.h"

enum { ID_BYTES = 12, LANGUAGE_MAX = 64 };

static json_t *file_json(const struct job_file *file)
{
	json_t *object =
		json_pack("{s:o}", "content", json_stringn_nocheck(file->content, file->len));

	if (object && file->name)
		json_object_set_new(object, "name", json_string(file->name));
	return object;
}

static json_t *document_make(const struct api_request *request, const json_t *options)
{
	json_t *files = json_array();
	json_t *document =
		json_pack("{s:s,s:o}", "language", request->job.language, "files", files);

	for (size_t i = 0; document && i < request->job.file_count; i++)
		if (json_array_append_new(files, file_json(&request->files[i])) < 0)
			goto fail;
	if (document && json_object_size(options) &&
	    json_object_set(document, "options", (json_t *)(uintptr_t)options) < 0)
		goto fail;
	return document;
fail:
	json_decref(document);
	return NULL;
}

int snippet_document_read(const json_t *body, json_t **ret_document, struct error *err)
{
	static const char *const known[] = {"language", "code", "files", "options", NULL};
	struct api_request *request = NULL;
	int r = json_check_keys(body, "", known, err);

	if (r < 0)
		return r;
	request = calloc(1, sizeof(*request));
	if (!request)
		return error_set(err, -ENOMEM, "snippet", "cannot read it");
	r = api_request_read(body, request, err);
	if (r == 0 && strlen(request->job.language) > LANGUAGE_MAX)
		r = error_set_plain(err, -EINVAL, "json", "`language` has more than %d characters",
				    LANGUAGE_MAX);
	if (r == 0) {
		*ret_document = document_make(request, json_object_get(body, "options"));
		if (!*ret_document)
			r = error_set(err, -ENOMEM, "snippet", "cannot keep it");
	}
	free(request);
	return r;
}

json_t *snippet_document_of_code(const char *language, const char *code, size_t len)
{
	return json_pack("{s:s,s:[{s:o}]}", "language", language, "files", "content",
			 json_stringn_nocheck(code, len));
}

const char *snippet_document_code(const json_t *document, size_t *ret_len)
{
	const json_t *file = json_array_get(json_object_get(document, "files"), 0);
	const json_t *content = json_object_get(file, "content");

	*ret_len = json_string_length(content);
	return json_string_value(content);
}

char *snippet_document_text(const json_t *document)
{
	return json_dumps(document, JSON_COMPACT | JSON_SORT_KEYS);
}

/* The alphabet of RFC 4648, section 5, which is safe in addresses and file names. */
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void snippet_id(const uint8_t hash[SHA256_BYTES], unsigned attempt, char ret_id[SNIPPET_ID_SIZE])
{
	uint8_t bytes[SHA256_BYTES + 1], again[SHA256_BYTES];
	char *to = ret_id;

	memcpy(bytes, hash, SHA256_BYTES);
	if (attempt) {
		bytes[SHA256_BYTES] = (uint8_t)attempt;
		sha256_of(bytes, sizeof(bytes), again);
		memcpy(bytes, again, sizeof(again));
	}
	for (int i = 0; i < ID_BYTES; i += 3) {
		uint32_t group =
			(uint32_t)bytes[i] << 16 | (uint32_t)bytes[i + 1] << 8 | bytes[i + 2];
		for (int shift = 18; shift >= 0; shift -= 6)
			*to++ = alphabet[group >> shift & 63];
	}
	*to = '\0';
}

int snippet_id_is_valid(const char *id)
{
	return strlen(id) == SNIPPET_ID_SIZE - 1 && strspn(id, alphabet) == SNIPPET_ID_SIZE - 1;
}
