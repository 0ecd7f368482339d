#include "front/http_route.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "front/api_routes.h"
#include "front/assets.h"
#include "front/http_clients.h"
#include "front/http_upgrade.h"
#include "front/piston_routes.h"
#include "front/http_origin.h"
#include "front/playground_routes.h"
#include "front/service.h"

static const struct http_route routes[] = {
	{HTTP_GET, "/healthz", 0, HTTP_STYLE_API, api_healthz},
	{HTTP_GET, "/metrics", 0, HTTP_STYLE_API, api_metrics},
	{HTTP_GET, "/api/v1/openapi.json", 0, HTTP_STYLE_API, api_openapi},
	{HTTP_GET, "/api/v1/languages", 0, HTTP_STYLE_API, api_languages},
	{HTTP_GET, "/api/v1/crates", 0, HTTP_STYLE_API, api_crates},
	{HTTP_GET, "/api/v1/image", 0, HTTP_STYLE_API, api_image},
	{HTTP_POST, "/api/v1/jobs", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_STARTS, HTTP_STYLE_API,
	 api_job_submit},
	{HTTP_GET, "/api/v1/jobs/{id}", 0, HTTP_STYLE_API, api_job_get},
	{HTTP_DELETE, "/api/v1/jobs/{id}", HTTP_ROUTE_SAME_ORIGIN, HTTP_STYLE_API, api_job_kill},
	{HTTP_GET, "/api/v1/jobs/{id}/events", HTTP_ROUTE_LONG | HTTP_ROUTE_NO_HEAD, HTTP_STYLE_API,
	 api_job_events},
	{HTTP_GET, "/api/v1/jobs/{id}/files/{name}", 0, HTTP_STYLE_API, api_job_file},
	{HTTP_GET, "/api/v1/jobs/{id}/socket",
	 HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_LONG | HTTP_ROUTE_NO_HEAD, HTTP_STYLE_API,
	 http_upgrade_plain},
	{HTTP_POST, "/api/v1/jobs/{id}/stdin", HTTP_ROUTE_SAME_ORIGIN, HTTP_STYLE_API,
	 api_job_stdin},
	{HTTP_POST, "/api/v1/jobs/{id}/kill", HTTP_ROUTE_SAME_ORIGIN, HTTP_STYLE_API, api_job_kill},
	{HTTP_POST, "/api/v1/snippets", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_KEEPS, HTTP_STYLE_API,
	 api_snippet_put},
	{HTTP_GET, "/api/v1/snippets/{id}", 0, HTTP_STYLE_API, api_snippet_get},
	{HTTP_DELETE, "/api/v1/snippets/{id}", HTTP_ROUTE_SAME_ORIGIN, HTTP_STYLE_API,
	 api_snippet_delete},

	{HTTP_POST, "/api/v2/execute", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_LONG, HTTP_STYLE_PISTON,
	 piston_execute},
	{HTTP_GET, "/api/v2/connect", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_LONG | HTTP_ROUTE_NO_HEAD,
	 HTTP_STYLE_PISTON, http_upgrade_plain},
	{HTTP_GET, "/api/v2/runtimes", 0, HTTP_STYLE_PISTON, piston_list_runtimes},
	{HTTP_GET, "/api/v2/packages", 0, HTTP_STYLE_PISTON, piston_list_packages},

	{HTTP_POST, "/execute", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_LONG, HTTP_STYLE_PLAYGROUND,
	 playground_execute},
	{HTTP_POST, "/evaluate.json", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_LONG,
	 HTTP_STYLE_PLAYGROUND, playground_evaluate},
	{HTTP_POST, "/compile", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_LONG, HTTP_STYLE_PLAYGROUND,
	 playground_compile},
	{HTTP_POST, "/format", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_LONG, HTTP_STYLE_PLAYGROUND,
	 playground_format},
	{HTTP_POST, "/clippy", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_LONG, HTTP_STYLE_PLAYGROUND,
	 playground_clippy},
	{HTTP_POST, "/miri", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_LONG, HTTP_STYLE_PLAYGROUND,
	 playground_miri},
	{HTTP_POST, "/macro-expansion", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_LONG,
	 HTTP_STYLE_PLAYGROUND, playground_expansion},
	{HTTP_POST, "/nowebsocket", 0, HTTP_STYLE_PLAYGROUND, playground_nowebsocket},
	{HTTP_GET, "/meta/crates", 0, HTTP_STYLE_PLAYGROUND, playground_crates},
	{HTTP_POST, "/meta/crates", 0, HTTP_STYLE_PLAYGROUND, playground_crates},
	{HTTP_GET, "/meta/versions", 0, HTTP_STYLE_PLAYGROUND, playground_versions},
	{HTTP_POST, "/meta/gist", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_KEEPS, HTTP_STYLE_PLAYGROUND,
	 playground_gist_create},
	{HTTP_POST, "/meta/gist/", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_KEEPS, HTTP_STYLE_PLAYGROUND,
	 playground_gist_create},
	{HTTP_GET, "/meta/gist/{id}", 0, HTTP_STYLE_PLAYGROUND, playground_gist_load},
	{HTTP_GET, "/websocket", HTTP_ROUTE_SAME_ORIGIN | HTTP_ROUTE_LONG | HTTP_ROUTE_NO_HEAD,
	 HTTP_STYLE_PLAYGROUND, http_upgrade_plain},
};

enum { ROUTE_COUNT = sizeof(routes) / sizeof(routes[0]) };

/* Is what follows {id} as the pattern has it? {name} takes a last part that is not empty. */
static int tail_matches(const char *pattern, const char *tail)
{
	const char *hole = strstr(pattern, "{name}");
	size_t before = hole ? (size_t)(hole - pattern) : 0;

	if (!hole)
		return strcmp(pattern, tail) == 0;
	return strncmp(pattern, tail, before) == 0 && tail[before] && !strchr(tail + before, '/');
}

int http_route_matches(const char *pattern, const char *path, char id[HTTP_ID_SIZE])
{
	const char *hole = strstr(pattern, "{id}");
	size_t before, n;

	id[0] = '\0';
	if (!hole)
		return strcmp(pattern, path) == 0;
	before = (size_t)(hole - pattern);
	if (strncmp(pattern, path, before) != 0)
		return 0;
	n = strcspn(path + before, "/");
	if (n == 0 || n >= HTTP_ID_SIZE || !tail_matches(hole + strlen("{id}"), path + before + n))
		return 0;
	memcpy(id, path + before, n);
	id[n] = '\0';
	return 1;
}

static unsigned method_bit(const char *method)
{
	static const struct {
		const char *name;
		unsigned bit;
	} methods[] = {{"GET", HTTP_GET},
		       {"HEAD", HTTP_GET},
		       {"POST", HTTP_POST},
		       {"DELETE", HTTP_DELETE}};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (strcmp(method, methods[i].name) == 0)
			return methods[i].bit;
	return 0;
}

/* The Allow header's line for what the routes of a path take. */
static void allow_format(unsigned methods, int head, char *line, size_t size)
{
	snprintf(line, size, "Allow: %s%s%s%sOPTIONS\r\n", methods & HTTP_GET ? "GET, " : "",
		 head ? "HEAD, " : "", methods & HTTP_POST ? "POST, " : "",
		 methods & HTTP_DELETE ? "DELETE, " : "");
}

static void reply_method(struct http_request *request, unsigned methods, int head)
{
	char allow[96];

	allow_format(methods, head, allow, sizeof(allow));
	if (strcmp(request->method, "OPTIONS") == 0) {
		http_reply(request, &(struct http_reply){.status = 204, .extra = allow});
		return;
	}
	http_reply_error(request, 405, "method_not_allowed", allow,
			 "%.16s is not allowed here; allowed: %.*s", request->method,
			 (int)strcspn(allow + 7, "\r"), allow + 7);
}

/* In requests that start something; one that waits for its job starts it, too. */
static unsigned route_cost(const struct http_route *route)
{
	enum { KEEPS_COST = 50 };
	int starts = route->flags & HTTP_ROUTE_STARTS ||
		     (route->method == HTTP_POST && route->flags & HTTP_ROUTE_LONG);

	return route->flags & HTTP_ROUTE_KEEPS ? KEEPS_COST : starts ? 1 : 0;
}

/* Returns 1, or 0: the client has asked for too much, which has been replied. */
static int route_admit(struct http_request *request, const struct http_route *route)
{
	unsigned retry_sec = http_rate_take(request, route_cost(route));
	char retry[48];

	if (!retry_sec)
		return 1;
	snprintf(retry, sizeof(retry), "Retry-After: %u\r\n", retry_sec);
	http_reply_error(request, 429, "rate_limited", retry,
			 "too many requests from your address; try again in %u s", retry_sec);
	return 0;
}

static void route_run(struct http_request *request, const struct http_route *route)
{
	struct error err = {0};

	if (route->flags & HTTP_ROUTE_SAME_ORIGIN &&
	    http_origin_check(request->origins, http_header(request, "Origin"),
			      http_header(request, "Host"), &err) < 0) {
		http_reply_error(request, 403, "forbidden", NULL, "%s", err.text);
		return;
	}
	if (!route_admit(request, route))
		return;
	if (route->flags & HTTP_ROUTE_LONG && http_client_begin_long(request->client) < 0) {
		http_reply_error(request, 503, "unavailable", "Retry-After: 5\r\n",
				 "the server has too many open connections; try again soon");
		return;
	}
	uint64_t began = clock_monotonic_usec();
	route->handle(request);
	if (route->style == HTTP_STYLE_PLAYGROUND)
		service_request_took(request->service, route->pattern,
				     clock_monotonic_usec() - began);
}

static void reply_asset(struct http_request *request, const struct web_asset *asset)
{
	if (method_bit(request->method) == HTTP_GET)
		assets_reply(request, asset);
	else
		reply_method(request, HTTP_GET, 1);
}

void http_route_dispatch(struct http_request *request)
{
	unsigned wanted = method_bit(request->method), methods = 0;
	int is_head = strcmp(request->method, "HEAD") == 0, head = 0;
	const struct web_asset *asset;

	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		const struct http_route *route = &routes[i];
		int no_head = (route->flags & HTTP_ROUTE_NO_HEAD) != 0;
		if (!http_route_matches(route->pattern, request->path, request->id))
			continue;
		request->style = route->style;
		if (route->method == wanted && !(is_head && no_head)) {
			route_run(request, route);
			return;
		}
		methods |= route->method;
		head |= route->method == HTTP_GET && !no_head;
	}
	asset = methods ? NULL
			: http_server_asset(request->server, request->path, &request->own_page);
	if (methods)
		reply_method(request, methods, head);
	else if (asset)
		reply_asset(request, asset);
	else
		http_reply_error(request, 404, "not_found", NULL, "there is nothing at %.200s",
				 request->path);
}
