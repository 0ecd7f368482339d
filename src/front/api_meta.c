#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "front/api_routes.h"
#include "front/manifest.h"
#include "front/service.h"

void api_healthz(struct http_request *request)
{
	http_reply_json(request, 200, json_pack("{s:s}", "status", "ok"),
			"Cache-Control: no-store\r\n");
}

void api_metrics(struct http_request *request)
{
	struct error err = {0};
	char *text = NULL;
	size_t len;

	int r = service_metrics(request->service, http_header(request, "Authorization"), &text,
				&len, &err);
	if (r < 0) {
		http_reply_error(request, r == -EACCES ? 401 : 500,
				 r == -EACCES ? "unauthorized" : "internal",
				 r == -EACCES ? "WWW-Authenticate: Bearer\r\n" : NULL, "%s",
				 err.text);
		return;
	}
	http_reply(request, &(struct http_reply){
				    .status = 200,
				    .type = "text/plain; version=0.0.4; charset=utf-8",
				    .body = text,
				    .len = len,
				    .extra = "Cache-Control: no-store\r\n",
			    });
	free(text);
}

/* A step without what is the server's own business. */
static json_t *step_json(const json_t *step)
{
	json_t *copy = json_copy((json_t *)(uintptr_t)step);

	if (copy) {
		json_object_del(copy, "argv");
		json_object_del(copy, "env");
	}
	return copy;
}

/* Actions less what is the server's own business. */
static json_t *actions_json(const json_t *actions)
{
	static const char *const hidden[] = {"step", "filter"};
	json_t *list = json_array(), *copy;
	const json_t *action;
	size_t i;

	json_array_foreach (actions, i, action) {
		copy = json_copy((json_t *)(uintptr_t)action);
		for (size_t j = 0; copy && j < sizeof(hidden) / sizeof(hidden[0]); j++)
			json_object_del(copy, hidden[j]);
		json_array_append_new(list, copy);
	}
	return list;
}

/* A language as clients see it: the manifest's object less argv and environment templates. */
static json_t *language_json(const json_t *language)
{
	static const char *const steps[] = {"compile", "run"};
	json_t *copy = json_copy((json_t *)(uintptr_t)language);

	if (!copy)
		return NULL;
	for (size_t i = 0; i < 2; i++)
		if (json_is_object(json_object_get(language, steps[i])))
			json_object_set_new(copy, steps[i],
					    step_json(json_object_get(language, steps[i])));
	json_object_set_new(copy, "actions", actions_json(json_object_get(language, "actions")));
	json_object_del(copy, "hello");
	json_object_del(copy, "checks");
	/* Whether, not how. */
	if (json_object_get(copy, "diagnostics"))
		json_object_set_new(copy, "diagnostics", json_true());
	return copy;
}

void api_languages(struct http_request *request)
{
	_cleanup_manifest_ struct manifest *manifest = service_manifest(request->service);
	json_t *languages = json_object_get(manifest_json(manifest), "languages");
	json_t *list, *language;
	size_t i;

	list = json_array();
	json_array_foreach (languages, i, language)
		json_array_append_new(list, language_json(language));
	http_reply_json(
		request, 200,
		json_pack("{s:s,s:o}", "image", manifest_image_id(manifest), "languages", list),
		"Cache-Control: no-cache\r\n");
}
