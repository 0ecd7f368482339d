/*
 * Theory of operation. civetweb 1.15 accepts, reads request heads and runs one worker thread per
 * connection; everything else is ours. Its begin_request callback answers every URI, so that none
 * of its file, directory, CGI and authorization code is ever reached; there is no document root, no
 * log file and no user to change to, so that it opens no file and looks up no name.
 *
 * For WebSockets civetweb only does the opening handshake. Its frame reader allocates what a
 * frame's head announces, up to 2 GiB, so the ready handler takes the socket over
 * (http_websocket.h) until the session is done, and the reader is never entered.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "front/assets.h"
#include "front/http_internal.h"
#include "front/http_request.h"
#include "front/http_route.h"
#include "front/http_runner.h"
#include "front/http_upgrade.h"
#include "front/repeats.h"
#include "front/service.h"

static struct http_server *server_of(const struct mg_connection *conn)
{
	return mg_get_user_data(mg_get_context(conn));
}

static int on_connection(const struct mg_connection *conn, void **ret_data)
{
	*ret_data = http_client_open(server_of(conn)->clients);
	return 0;
}

static void on_close(const struct mg_connection *conn)
{
	http_client_close(mg_get_user_connection_data(conn));
	mg_set_user_connection_data(conn, NULL);
}

static int will_keep_alive(const struct mg_request_info *info, const char *connection)
{
	return strcmp(info->http_version, "1.1") == 0 &&
	       (!connection || strcasecmp(connection, "close") != 0);
}

static void request_init(struct http_request *request, struct mg_connection *conn)
{
	const struct mg_request_info *info = mg_get_request_info(conn);
	const char *key = mg_get_header(conn, "X-API-Key");

	*request = (struct http_request){
		.conn = conn,
		.server = server_of(conn),
		.service = server_of(conn)->config.service,
		.snippets = server_of(conn)->config.snippets,
		.repeats = server_of(conn)->repeats,
		.api_key = key ? api_keys_find(server_of(conn)->config.api_keys, key) : NULL,
		.client = mg_get_user_connection_data(conn),
		.info = info,
		.method = info->request_method,
		/* As it came: an encoded or a dotted path is another path, and there is nothing at
		   it. */
		.path = info->local_uri_raw ? info->local_uri_raw : "",
		.query = info->query_string ? info->query_string : "",
		.origins = server_of(conn)->config.origins,
		.style = HTTP_STYLE_API,
		.keep_alive = will_keep_alive(info, mg_get_header(conn, "Connection")),
	};
}

/* Whose request it is when it carries a key. Returns 1, or 0: there is no such key, which is
 * replied. */
static int request_identify(struct http_request *request)
{
	const char *key = http_header(request, "X-API-Key");
	char name[HTTP_CLIENT_KEY_SIZE];

	if (!key)
		return 1;
	if (!request->api_key) {
		http_reply_error(request, 401, "unauthorized", NULL,
				 "X-API-Key is not a key of this server's");
		return 0;
	}
	snprintf(name, sizeof(name), "key %s", request->api_key->name);
	http_client_rename(request->client, name);
	return 1;
}

static int request_admit(struct http_request *request)
{
	struct error err = {0};

	if (http_client_begin(request->client, request->info->remote_addr,
			      (unsigned)request->info->remote_port,
			      http_header_last(request, "X-Forwarded-For")) < 0) {
		request->keep_alive = 0;
		http_reply_error(request, 503, "unavailable", "Retry-After: 5\r\n",
				 "too many connections from your address; at most %d are allowed",
				 (int)request->server->config.limits.client_connections);
		return 0;
	}
	if (!request_identify(request))
		return 0;
	int r = http_request_check_framing(request, &err);
	if (r < 0) {
		request->keep_alive = 0;
		http_reply_error(request, r == -E2BIG ? 431 : 400,
				 r == -E2BIG ? "too_large" : "bad_request", NULL, "%s", err.text);
	}
	return r == 0;
}

/* Sets status 0 to have civetweb go on with a WebSocket's handshake. */
static void request_run(void *argument)
{
	struct http_request *request = argument;

	if (!request_admit(request))
		return;
	if (!http_upgrade_wanted(request)) {
		http_route_dispatch(request);
		return;
	}
	if (http_upgrade_admit(request))
		request->status = 0;
}

/* For when there is not even memory or a thread to say so properly. */
static int reply_exhausted(struct mg_connection *conn)
{
	static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
				   "Retry-After: 5\r\nConnection: close\r\n\r\n";

	mg_disable_connection_keep_alive(conn);
	mg_write(conn, text, sizeof(text) - 1);
	return 503;
}

static int on_request(struct mg_connection *conn)
{
	struct http_runner *runner = mg_get_thread_pointer(conn);
	struct http_request request;

	request_init(&request, conn);
	/* A handler always replies; only the handshake leaves 0, which begin_request passes on. */
	request.status = 500;
	if (!request.client || !runner || http_runner_run(runner, request_run, &request) < 0)
		return reply_exhausted(conn);
	if (request.status == 0)
		return 0;
	log_debug("http", "method=%s path=%.128s status=%d client=%s", request.method, request.path,
		  request.status, http_client_key(request.client));
	http_client_end(request.client);
	return request.status;
}

/* Of a head that has no end civetweb says only this, be it too long, too late or broken off. */
static const char no_end[] = "Malformed message";

static void reply_fault(struct http_request *request, int status, const char *message)
{
	const struct http_limits *limits = http_server_limits(request->server);
	const struct mg_request_info *info = request->info;
	enum http_fault fault = HTTP_FAULT_OTHER;
	char most[HTTP_LIMIT_TEXT];

	if (strcmp(message, no_end) == 0)
		fault = http_client_fault(request->client, info->remote_addr,
					  (unsigned)info->remote_port);
	switch (fault) {
	case HTTP_FAULT_LATE:
		http_limit_format(HTTP_LIMIT_request_usec, limits->request_usec, most);
		http_reply_error(request, 408, "timeout", NULL,
				 "the request's head did not come within %s", most);
		break;
	case HTTP_FAULT_LONG:
		http_limit_format(HTTP_LIMIT_head_bytes, limits->head_bytes, most);
		http_reply_error(request, 431, "too_large", NULL,
				 "the request's line and header fields are more than %s", most);
		break;
	case HTTP_FAULT_OTHER:
		http_reply_error(request, status, status == 404 ? "not_found" : "bad_request", NULL,
				 "the request is not well-formed HTTP: %.100s", message);
	}
}

/*
 * Faults that civetweb finds by itself, in the form of all others. The request may be half read:
 * nothing of it is looked at.
 */
static int on_error(struct mg_connection *conn, int status, const char *message)
{
	struct http_request request = {
		.conn = conn,
		.server = server_of(conn),
		.client = mg_get_user_connection_data(conn),
		.info = mg_get_request_info(conn),
		.method = "GET",
		.path = "",
		.origins = "",
		.body_read = 1,
	};

	if (!request.client || !request.info)
		return 1;
	reply_fault(&request, status, message);
	http_client_linger(request.client, request.info->remote_addr,
			   (unsigned)request.info->remote_port);
	return 0;
}

static int on_log(const struct mg_connection *conn, const char *message)
{
	(void)conn;
	log_debug("civetweb", "message=%s", message);
	return 1;
}

/* civetweb would look for a password file next to what is asked for; there is none and no such
 * place. */
static int on_authorize(struct mg_connection *conn, void *data)
{
	(void)conn;
	(void)data;
	return 1;
}

static int on_websocket_connect(const struct mg_connection *conn, void *data)
{
	(void)conn;
	(void)data;
	return 0; /* begin_request has admitted it */
}

static void websocket_run(void *argument)
{
	http_upgrade_run(argument);
}

static void on_websocket_ready(struct mg_connection *conn, void *data)
{
	struct http_request request;

	(void)data;
	request_init(&request, conn);
	http_runner_run(mg_get_thread_pointer(conn), websocket_run, &request);
	/* The session is over: keeps civetweb from reading frames by itself. */
	mg_disable_connection_keep_alive(conn);
}

static int on_websocket_data(struct mg_connection *conn, int bits, char *data, size_t len,
			     void *user)
{
	(void)conn;
	(void)bits;
	(void)data;
	(void)len;
	(void)user;
	return 0;
}

static void websocket_add(const char *pattern, void *context)
{
	mg_set_websocket_handler(context, pattern, on_websocket_connect, on_websocket_ready,
				 on_websocket_data, NULL, NULL);
}

static void *on_thread_start(const struct mg_context *context, int type)
{
	(void)context;
	return type == 1 ? http_runner_new() : NULL;
}

static void on_thread_end(const struct mg_context *context, int type, void *runner)
{
	(void)context;
	(void)type;
	http_runner_free(runner);
}

static struct mg_context *context_start(struct http_server *server, const char *ports,
					struct error *err)
{
	static const struct mg_callbacks callbacks = {
		.init_connection = on_connection,
		.connection_close = on_close,
		.begin_request = on_request,
		.http_error = on_error,
		.log_message = on_log,
		.init_thread = on_thread_start,
		.exit_thread = on_thread_end,
	};
	const struct http_limits *limits = &server->config.limits;
	char text[160] = "", workers[16], head[16], request[16], idle[16];
	/* clang-format off */
	const char *options[] = {
		"listening_ports", ports,
		"num_threads", workers,
		"connection_queue", "128",
		"listen_backlog", "1024",
		"tcp_nodelay", "1",
		"max_request_size", head,
		"enable_keep_alive", "yes",
		"keep_alive_timeout_ms", idle,
		"request_timeout_ms", request,
		"decode_url", "no",
		"enable_auth_domain_check", "no",
		"enable_directory_listing", "no",
		NULL,
	};
	/* clang-format on */
	struct mg_init_data init = {
		.callbacks = &callbacks, .user_data = server, .configuration_options = options};
	unsigned code = 0;
	struct mg_error_data fault = {
		.code = &code, .text = text, .text_buffer_size = sizeof(text)};

	snprintf(workers, sizeof(workers), "%d", (int)limits->connections);
	snprintf(head, sizeof(head), "%d", (int)limits->head_bytes);
	snprintf(request, sizeof(request), "%d", (int)(limits->request_usec / 1000));
	snprintf(idle, sizeof(idle), "%d", (int)(limits->idle_usec / 1000));
	struct mg_context *context = mg_start2(&init, &fault);
	if (!context)
		error_set_plain(err, -EADDRNOTAVAIL, "listen", "cannot listen on %s: %s", ports,
				text[0] ? text : "the server did not start");
	return context;
}

int http_server_start(const struct http_server_config *config, struct http_server **ret_server,
		      unsigned *ret_port, struct error *err)
{
	struct mg_server_port bound[1];
	struct http_server *server;
	char spec[128];
	int r = http_listen_spec(config->listen_address, config->listen_port, spec, sizeof(spec),
				 err);

	if (r < 0)
		return r;
	if (!mg_check_feature(MG_FEATURES_WEBSOCKET))
		return error_set_plain(err, -ENOSYS, "listen",
				       "this civetweb library is built without WebSockets");
	server = calloc(1, sizeof(*server));
	if (!server)
		return error_set(err, -ENOMEM, "listen", "cannot start the HTTP server");
	server->config = *config;
	server->config.listen_address = NULL;
	server->clients = http_clients_new(&config->proxies, &config->limits);
	server->repeats = repeats_new();
	server->rate = rate_new(&config->rate);
	if (server->clients && server->repeats && server->rate)
		server->context = context_start(server, spec, err);
	if (!server->context || mg_get_server_ports(server->context, 1, bound) != 1) {
		http_server_stop(server);
		return err && err->code ? err->code : -EADDRNOTAVAIL;
	}
	mg_set_auth_handler(server->context, "**", on_authorize, NULL);
	http_upgrade_each(websocket_add, server->context);
	*ret_port = (unsigned)bound[0].port;
	*ret_server = server;
	return 0;
}

unsigned http_rate_take(struct http_request *request, unsigned cost)
{
	const struct rate_config *own = request->api_key ? &request->api_key->rate : NULL;

	return rate_take(request->server->rate, http_client_key(request->client), own, cost,
			 clock_monotonic_usec());
}

const struct web_asset *http_server_asset(const struct http_server *server, const char *path,
					  int *ret_own_page)
{
	const struct web_asset *asset =
		assets_find(server->config.assets, server->config.asset_count, path);

	*ret_own_page = asset && server->config.own_page;
	return asset;
}

const struct http_limits *http_server_limits(const struct http_server *server)
{
	return &server->config.limits;
}

int http_server_is_stopping(const struct http_server *server)
{
	return atomic_load(&server->stopping);
}

void http_server_stop(struct http_server *server)
{
	if (!server)
		return;
	atomic_store(&server->stopping, 1);
	if (server->context) {
		http_listen_end();
		http_clients_shutdown(server->clients);
		mg_stop(server->context);
	}
	http_clients_free(server->clients);
	repeats_free(server->repeats);
	rate_free(server->rate);
	free(server);
}
