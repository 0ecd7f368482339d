#include "front/http_upgrade.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "front/api_routes.h"
#include "front/http_clients.h"
#include "front/http_origin.h"
#include "front/http_route.h"
#include "front/piston_routes.h"
#include "front/playground_routes.h"

static const struct door {
	const char *pattern;  /* as in the routing table */
	const char *civetweb; /* likewise, as civetweb writes it */
	enum http_style style;
	int (*admit)(struct http_request *request); /* more than all want; NULL: nothing */
	void (*run)(struct http_request *request);
} doors[] = {
	{"/websocket", "/websocket", HTTP_STYLE_PLAYGROUND, NULL, playground_websocket_run},
	{"/api/v2/connect", "/api/v2/connect", HTTP_STYLE_PISTON, NULL, piston_socket_run},
	{"/api/v1/jobs/{id}/socket", "/api/v1/jobs/*/socket", HTTP_STYLE_API, api_socket_admit,
	 api_socket_run},
};

enum { DOOR_COUNT = sizeof(doors) / sizeof(doors[0]) };

static const struct door *door_of(struct http_request *request)
{
	for (size_t i = 0; i < DOOR_COUNT; i++)
		if (http_route_matches(doors[i].pattern, request->path, request->id))
			return &doors[i];
	return NULL;
}

static int header_is(const struct http_request *request, const char *name, const char *value)
{
	const char *header = http_header(request, name);

	return header && strcasecmp(header, value) == 0;
}

int http_upgrade_wanted(struct http_request *request)
{
	return strcmp(request->method, "GET") == 0 && header_is(request, "Upgrade", "websocket") &&
	       door_of(request);
}

int http_upgrade_admit(struct http_request *request)
{
	const struct door *door = door_of(request);
	struct error err = {0};

	assert(door); /* http_upgrade_wanted() has found it */
	request->style = door->style;
	request->keep_alive = 0;
	if (http_origin_check(request->origins, http_header(request, "Origin"),
			      http_header(request, "Host"), &err) < 0) {
		http_reply_error(request, 403, "forbidden", NULL, "%s", err.text);
		return 0;
	}
	if (!header_is(request, "Sec-WebSocket-Version", "13") ||
	    !http_header(request, "Sec-WebSocket-Key")) {
		http_reply_error(
			request, 400, "bad_request", "Sec-WebSocket-Version: 13\r\n",
			"a WebSocket needs Sec-WebSocket-Version 13 and a Sec-WebSocket-Key");
		return 0;
	}
	if (door->admit && !door->admit(request))
		return 0;
	if (http_client_begin_long(request->client) < 0) {
		http_reply_error(request, 503, "unavailable", "Retry-After: 5\r\n",
				 "the server has too many open connections; try again soon");
		return 0;
	}
	return 1;
}

void http_upgrade_run(struct http_request *request)
{
	const struct door *door = door_of(request);

	if (door)
		door->run(request);
}

void http_upgrade_plain(struct http_request *request)
{
	request->keep_alive = 0;
	http_reply_error(request, 426, "bad_request", "Upgrade: websocket\r\n",
			 "this is a WebSocket: connect to it with Upgrade: websocket");
}

void http_upgrade_each(void (*add)(const char *pattern, void *context), void *context)
{
	for (size_t i = 0; i < DOOR_COUNT; i++)
		add(doors[i].civetweb, context);
}
