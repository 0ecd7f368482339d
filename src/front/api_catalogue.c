/* What this server is and has: its interface's document, the image in service, the crates in it. */
#include <stdint.h>

#include "front/api_routes.h"
#include "front/manifest.h"
#include "front/service.h"

/* docs/openapi.json, as it was when the server was built; the path is the build's. */
__asm__("	.section .rodata\n"
	"openapi_begin:\n"
	"	.incbin \"docs/openapi.json\"\n"
	"openapi_end:\n"
	"	.byte 0\n"
	"	.text\n");

extern const char openapi_begin[], openapi_end[];

void api_openapi(struct http_request *request)
{
	http_reply(request, &(struct http_reply){
				    .status = 200,
				    .type = "application/json",
				    .body = openapi_begin,
				    .len = (size_t)(openapi_end - openapi_begin),
				    .extra = "Cache-Control: no-cache\r\n",
			    });
}

void api_image(struct http_request *request)
{
	_cleanup_manifest_ struct manifest *manifest = service_manifest(request->service);

	http_reply_json(request, 200,
			json_pack("{s:s,s:O,s:I}", "id", manifest_image_id(manifest), "name",
				  json_object_get(manifest_json(manifest), "name"), "generation",
				  (json_int_t)manifest_generation(manifest)),
			"Cache-Control: no-cache\r\n");
}

/* Adds the crates of each channel of a language. */
static void add_crates(const json_t *language, json_t *list)
{
	const char *channel;
	json_t *channels = json_object_get(language, "channels"), *value, *crate;
	size_t i;

	json_object_foreach (channels, channel, value) {
		json_array_foreach (json_object_get(value, "crates"), i, crate) {
			json_t *copy = json_copy(crate);
			if (!copy)
				continue;
			json_object_set(copy, "language", json_object_get(language, "id"));
			json_object_set_new(copy, "channel", json_string(channel));
			json_array_append_new(list, copy);
		}
	}
}

void api_crates(struct http_request *request)
{
	_cleanup_manifest_ struct manifest *manifest = service_manifest(request->service);
	json_t *list = json_array(), *language;
	size_t i;

	json_array_foreach (json_object_get(manifest_json(manifest), "languages"), i, language)
		add_crates(language, list);
	http_reply_json(request, 200, json_pack("{s:o}", "crates", list),
			"Cache-Control: no-cache\r\n");
}
