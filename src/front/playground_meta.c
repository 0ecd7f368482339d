/* Which crates and versions there are: from the manifest's language `rust`. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "front/assets.h"
#include "front/manifest.h"
#include "front/playground_routes.h"
#include "front/service.h"

static const json_t *channel_find(const struct manifest *manifest, const char *channel)
{
	const json_t *rust = manifest_language(manifest, "rust");

	return json_object_get(json_object_get(rust, "channels"), channel);
}

/* what: which of the two documents. take_value: taken. */
static void reply_cached(struct http_request *request, const struct manifest *manifest,
			 const char *what, json_t *take_value)
{
	char headers[192], etag[96];

	/* The image decides what there is. */
	snprintf(etag, sizeof(etag), "\"%s-%.48s\"", what, manifest_image_id(manifest));
	snprintf(headers, sizeof(headers), "Cache-Control: public, max-age=600\r\nETag: %s\r\n",
		 etag);
	if (!assets_etag_matches(http_header(request, "If-None-Match"), etag)) {
		http_reply_json(request, 200, take_value, headers);
		return;
	}
	json_decref(take_value);
	http_reply(request, &(struct http_reply){.status = 304, .extra = headers});
}

/* Where the page says that it has no WebSocket. */
void playground_nowebsocket(struct http_request *request)
{
	playground_set_request_id(request);
	http_reply(request, &(struct http_reply){.status = 200, .type = "text/plain", .body = ""});
}

static int has_rust(struct http_request *request, const struct manifest *manifest)
{
	if (manifest_language(manifest, "rust"))
		return 1;
	http_reply_error(request, 500, "unavailable", NULL,
			 "Unable to find the versions: this image has no Rust");
	return 0;
}

void playground_crates(struct http_request *request)
{
	_cleanup_manifest_ struct manifest *manifest = service_manifest(request->service);
	const json_t *crates;

	playground_set_request_id(request);
	if (!has_rust(request, manifest))
		return;
	crates = json_object_get(channel_find(manifest, "stable"), "crates");
	if (!crates)
		crates = json_object_get(channel_find(manifest, "nightly"), "crates");
	reply_cached(request, manifest, "crates",
		     json_pack("{s:o}", "crates",
			       crates ? json_copy((json_t *)(uintptr_t)crates) : json_array()));
}

/* The versions of a channel, or null when the image does not have it: never another's. */
static json_t *channel_json(const json_t *channel)
{
	static const char *const tools[] = {"rustc", "rustfmt", "clippy", "miri"};
	json_t *versions, *tool;

	if (!channel)
		return json_null();
	versions = json_object();
	for (size_t i = 0; versions && i < sizeof(tools) / sizeof(tools[0]); i++) {
		tool = json_object_get(channel, tools[i]);
		if (tool)
			json_object_set(versions, tools[i], tool);
	}
	return versions;
}

void playground_versions(struct http_request *request)
{
	static const char *const channels[] = {"stable", "beta", "nightly"};
	_cleanup_manifest_ struct manifest *manifest = service_manifest(request->service);
	json_t *versions;

	playground_set_request_id(request);
	if (!has_rust(request, manifest))
		return;
	versions = json_object();
	for (size_t i = 0; versions && i < sizeof(channels) / sizeof(channels[0]); i++)
		json_object_set_new(versions, channels[i],
				    channel_json(channel_find(manifest, channels[i])));
	reply_cached(request, manifest, "versions", versions);
}
