/* Sharing as the Rust Playground's clients do it: a snippet in Rust, without a way to take it back.
 */
#include <errno.h>
#include <stdint.h>

#include "front/playground_routes.h"
#include "front/snippets.h"

static void reply_failed(struct http_request *request, int error, const struct error *err)
{
	if (error == -EINVAL)
		http_reply_error(request, 400, "bad_request", NULL,
				 "Unable to deserialize request: %s", err->text);
	else if (error == -E2BIG)
		http_reply_error(request, 413, "too_large", NULL, "%s", err->text);
	else
		http_reply_error(request, 500, "internal", NULL, "Unable to keep the code: %s",
				 err->text);
}

/* `code`, a text or an array of named files, as a snippet's document. */
static int document_read(const json_t *body, json_t **ret_document, struct error *err)
{
	json_t *code = json_object_get(body, "code");
	json_t *snippet;

	if (!code || json_is_null(code))
		return error_set_plain(err, -EINVAL, "json", "missing field `code`");
	snippet = json_pack("{s:s,s:O}", "language", "rust", json_is_array(code) ? "files" : "code",
			    code);
	if (!snippet)
		return error_set(err, -ENOMEM, "gist", "cannot read it");
	int r = snippet_document_read(snippet, ret_document, err);
	json_decref(snippet);
	return r;
}

/* In the shape in which it came: one file without a name is a text. */
static json_t *code_json(const json_t *document)
{
	json_t *files = json_object_get(document, "files"), *first = json_array_get(files, 0);

	if (json_array_size(files) == 1 && !json_object_get(first, "name"))
		return json_incref(json_object_get(first, "content"));
	return json_incref(files);
}

static void reply_gist(struct http_request *request, const char *id, const json_t *document)
{
	http_reply_json(request, 200,
			json_pack("{s:s,s:o,s:o}", "id", id, "url", json_sprintf("/?gist=%s", id),
				  "code", code_json(document)),
			"Cache-Control: no-cache\r\n");
}

void playground_gist_create(struct http_request *request)
{
	struct snippet_receipt receipt;
	json_t *body = NULL, *document = NULL;
	struct error err = {0};

	playground_set_request_id(request);
	if (http_body_read_json(request, &body) < 0)
		return;
	int r = document_read(body, &document, &err);
	if (r == 0)
		r = snippet_put(request->snippets, document, 0, &receipt, &err);
	if (r < 0)
		reply_failed(request, r, &err);
	else
		reply_gist(request, receipt.id, document);
	json_decref(document);
	json_decref(body);
}

void playground_gist_load(struct http_request *request)
{
	struct snippet snippet;
	struct error err = {0};

	playground_set_request_id(request);
	int r = snippet_get(request->snippets, request->id, &snippet, &err);
	if (r > 0) {
		reply_gist(request, request->id, snippet.document);
		snippet_fini(&snippet);
	} else if (r == 0) {
		http_reply_error(request, 404, "not_found", NULL, "there is no snippet %s here",
				 request->id);
	} else {
		reply_failed(request, r, &err);
	}
}
