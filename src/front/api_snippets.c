/* Snippets: shared, fetched, taken back. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "front/api_routes.h"
#include "front/json_read.h"
#include "front/manifest.h"
#include "front/service.h"
#include "front/snippets.h"

static void reply_failed(struct http_request *request, int error, const struct error *err)
{
	static const struct {
		int error, status;
		const char *code;
	} rows[] = {
		{-EINVAL, 400, "bad_request"}, {-E2BIG, 413, "too_large"},
		{-ENOENT, 404, "not_found"},   {-EACCES, 403, "forbidden"},
		{-ENOSPC, 503, "unavailable"}, {-EBUSY, 503, "unavailable"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].error != error)
			continue;
		http_reply_error(request, rows[i].status, rows[i].code,
				 error == -EBUSY ? "Retry-After: 5\r\n" : NULL, "%s", err->text);
		return;
	}
	http_reply_error(request, 500, "internal", NULL, "%s", err->text);
}

/* Takes "expires_sec" out of the body. Returns 0 and when that is (0: never), or -EINVAL. */
static int take_expires(json_t *body, uint64_t *ret_usec, struct error *err)
{
	uint64_t sec = 0;
	int r = json_get_u64(body, "", "expires_sec", JSON_OPTIONAL, 1, &sec, err);

	if (r > 0 && sec > SNIPPET_EXPIRES_MAX_SEC)
		r = error_set_plain(
			err, -EINVAL, "json", "`expires_sec` is %llu; it may be at most %llu",
			(unsigned long long)sec, (unsigned long long)SNIPPET_EXPIRES_MAX_SEC);
	if (r > 0)
		*ret_usec = clock_real_usec() + sec * USEC_PER_SEC;
	json_object_del(body, "expires_sec");
	return r < 0 ? r : 0;
}

/* An alias becomes the language's id, so that content is one by whatever name. */
static int settle_language(struct service *service, json_t *document, struct error *err)
{
	_cleanup_manifest_ struct manifest *manifest = service_manifest(service);
	const char *asked = json_string_value(json_object_get(document, "language"));
	const json_t *language = manifest_language(manifest, asked);

	if (!language)
		return error_set_plain(err, -EINVAL, "language",
				       "`language`: there is no %.60s here; see /api/v1/languages",
				       asked);
	json_object_set(document, "language", json_object_get(language, "id"));
	return 0;
}

void api_snippet_put(struct http_request *request)
{
	struct snippet_receipt receipt;
	json_t *body = NULL, *document = NULL;
	struct error err = {0};
	uint64_t expires_usec = 0;
	char location[80];

	if (http_body_read_json(request, &body) < 0)
		return;
	int r = take_expires(body, &expires_usec, &err);
	if (r == 0)
		r = snippet_document_read(body, &document, &err);
	if (r == 0)
		r = settle_language(request->service, document, &err);
	if (r == 0)
		r = snippet_put(request->snippets, document, expires_usec, &receipt, &err);
	json_decref(document);
	json_decref(body);
	if (r < 0) {
		reply_failed(request, r, &err);
		return;
	}
	snprintf(location, sizeof(location),
		 "Location: /api/v1/snippets/%s\r\nCache-Control: no-store\r\n", receipt.id);
	http_reply_json(request, 201,
			json_pack("{s:s,s:o,s:s}", "id", receipt.id, "url",
				  json_sprintf("/?gist=%s", receipt.id), "delete_token",
				  receipt.delete_token),
			location);
}

static json_t *time_json(uint64_t usec)
{
	return usec ? json_integer((json_int_t)(usec / USEC_PER_SEC)) : json_null();
}

void api_snippet_get(struct http_request *request)
{
	struct snippet snippet;
	struct error err = {0};
	int r = snippet_get(request->snippets, request->id, &snippet, &err);

	if (r == 0)
		r = error_set_plain(&err, -ENOENT, "snippet", "there is no snippet %s",
				    request->id);
	if (r < 0) {
		reply_failed(request, r, &err);
		return;
	}
	json_object_set_new(snippet.document, "id", json_string(request->id));
	json_object_set_new(snippet.document, "created_sec", time_json(snippet.created_usec));
	json_object_set_new(snippet.document, "expires_sec", time_json(snippet.expires_usec));
	if (!json_object_get(snippet.document, "options"))
		json_object_set_new(snippet.document, "options", json_object());
	http_reply_json(request, 200, json_incref(snippet.document), "Cache-Control: no-cache\r\n");
	snippet_fini(&snippet);
}

/* The token of an "authorization: Bearer TOKEN", or NULL. */
static const char *bearer_token(const struct http_request *request)
{
	static const char scheme[] = "Bearer ";
	const char *value = http_header(request, "Authorization");

	if (!value || strncasecmp(value, scheme, sizeof(scheme) - 1) != 0)
		return NULL;
	value += sizeof(scheme) - 1;
	return value + strspn(value, " ");
}

void api_snippet_delete(struct http_request *request)
{
	const char *token = bearer_token(request);
	struct error err = {0};

	if (!token) {
		http_reply_error(request, 401, "unauthorized", "WWW-Authenticate: Bearer\r\n",
				 "deleting needs the delete_token that sharing gave, as "
				 "Authorization: Bearer TOKEN");
		return;
	}
	int r = snippet_delete(request->snippets, request->id, token, &err);
	if (r < 0)
		reply_failed(request, r, &err);
	else
		http_reply(request, &(struct http_reply){.status = 204});
}
