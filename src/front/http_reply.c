#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "front/http_clients.h"
#include "front/http_origin.h"
#include "front/http_request.h"
#include "front/http_send.h"
#include "front/utf8.h"

enum {
	HEAD_MAX = 3072,
	UNREAD_BODY_MAX = 64 << 10,
	/* A body up to this goes out in one write, and packet, with its head; one that is larger is
	 * not copied for it, for a slow client may keep us waiting. */
	TOGETHER_MAX = 16 << 10,
};

/*
 * For every reply, pages and data alike. The page's code and styles are files of this server; the
 * editor lives in a shadow root, where its styles are constructed style sheets, which style-src
 * does not govern. Images are the page's icon and what programs left (api_files.c), both this
 * server's own addresses: no data: or blob: is needed.
 */
static const char security_headers[] =
	"X-Content-Type-Options: nosniff\r\n"
	"Referrer-Policy: no-referrer\r\n"
	"Cross-Origin-Opener-Policy: same-origin\r\n"
	"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
	"connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; "
	"require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors ";

/* For files of an operator's own page: what it may do is his; who may frame it goes by the rules
 * for ours. */
static const char own_page_headers[] = "X-Content-Type-Options: nosniff\r\n"
				       "Referrer-Policy: no-referrer\r\n"
				       "Content-Security-Policy: frame-ancestors ";

static void request_write(struct http_request *request, const void *data, size_t len)
{
	if (request->write_failed || len == 0)
		return;
	http_client_wait(request->client, 1);
	if (mg_write(request->conn, data, len) != (int)len) {
		request->write_failed = 1;
		request->keep_alive = 0;
		mg_disable_connection_keep_alive(request->conn);
	}
	http_client_wait(request->client, 0);
}

/* Writes status line and headers into head, with room for HEAD_MAX. Returns their length. */
static size_t head_format(struct http_request *request, int status, const char *framing,
			  const char *type, const char *extra, char head[HEAD_MAX])
{
	char cors[HTTP_ORIGIN_LINES_MAX];
	int preflight = strcmp(request->method, "OPTIONS") == 0;

	http_origin_cors(request->origins, http_header(request, "Origin"), preflight, cors);
	int n = snprintf(head, HEAD_MAX,
			 "HTTP/1.1 %d %s\r\n%s%s%s%s%s%s%s%s%s%s%s\r\nConnection: %s\r\n\r\n",
			 status, mg_get_response_code_text(request->conn, status), framing,
			 type ? "Content-Type: " : "", type ? type : "", type ? "\r\n" : "",
			 request->request_id[0] ? "x-request-id: " : "", request->request_id,
			 request->request_id[0] ? "\r\n" : "", extra ? extra : "", cors,
			 request->own_page ? own_page_headers : security_headers,
			 http_origin_ancestors(request->origins, request->path),
			 request->keep_alive ? "keep-alive" : "close");

	return n > 0 && n < HEAD_MAX ? (size_t)n : 0;
}

/* Is there a body on the line that is too much to be taken for nothing? */
static int has_unread_body(const struct http_request *request)
{
	return !request->body_read && (http_header(request, "Transfer-Encoding") ||
				       request->info->content_length > UNREAD_BODY_MAX);
}

/* A body that was not taken would be read as the next request: civetweb takes a small one, else it
 * closes. */
static void settle_connection(struct http_request *request)
{
	if (has_unread_body(request))
		request->keep_alive = 0;
	if (!request->keep_alive)
		mg_disable_connection_keep_alive(request->conn);
}

void http_reply(struct http_request *request, const struct http_reply *reply)
{
	char framing[64], start[HEAD_MAX + TOGETHER_MAX];
	int bodiless = reply->status == 204 || reply->status == 304;
	int head_only = bodiless || strcmp(request->method, "HEAD") == 0;
	size_t len = head_only ? 0 : reply->len, together = len <= TOGETHER_MAX ? len : 0;

	settle_connection(request);
	request->status = reply->status;
	framing[0] = '\0';
	if (!bodiless)
		snprintf(framing, sizeof(framing), "Content-Length: %zu\r\n", reply->len);
	size_t head =
		head_format(request, reply->status, framing, reply->type, reply->extra, start);
	if (together)
		memcpy(start + head, reply->body, together);
	request_write(request, start, head + together);
	if (len > together)
		request_write(request, reply->body, len);
	if (has_unread_body(request) ||
	    (!request->keep_alive && !request->body_read && request->info->content_length > 0))
		http_client_linger(request->client, request->info->remote_addr,
				   (unsigned)request->info->remote_port);
}

void http_reply_json(struct http_request *request, int status, json_t *take_value,
		     const char *extra)
{
	static const char out_of_memory[] = "{\"error\":{\"code\":\"unavailable\",\"message\":"
					    "\"the server is out of memory\"}}";
	struct http_reply reply = {.status = status, .type = "application/json", .extra = extra};
	_cleanup_free_ char *text = NULL;

	text = take_value ? json_dumps(take_value, JSON_COMPACT) : NULL;
	json_decref(take_value);
	reply.body = text ? text : out_of_memory;
	reply.len = strlen(reply.body);
	if (!text)
		reply.status = 503;
	http_reply(request, &reply);
}

json_t *http_json_text(const char *text, size_t len)
{
	struct utf8_carry carry = {0};
	_cleanup_free_ char *clean = NULL;
	size_t clean_len;

	if (utf8_is_valid(text, len))
		return json_stringn_nocheck(text, len);
	if (utf8_text(&carry, text, len, 1, &clean, &clean_len) < 0)
		return NULL;
	return json_stringn_nocheck(clean, clean_len);
}

void http_reply_error(struct http_request *request, int status, const char *code, const char *extra,
		      const char *format, ...)
{
	char text[512];
	json_t *message, *value;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	message = http_json_text(text, strlen(text));
	if (request->style == HTTP_STYLE_PLAYGROUND)
		value = json_pack("{s:o}", "error", message);
	else if (request->style == HTTP_STYLE_PISTON)
		value = json_pack("{s:o}", "message", message);
	else
		value = json_pack("{s:{s:s,s:o}}", "error", "code", code, "message", message);
	http_reply_json(request, status, value, extra);
}

void http_stream_begin(struct http_request *request, const char *type)
{
	char head[HEAD_MAX];
	int chunked = strcmp(request->info->http_version, "1.0") != 0;

	if (!chunked)
		request->keep_alive = 0;
	settle_connection(request);
	request->status = 200;
	request->stream_fd = http_client_socket(request->client);
	http_send_bound(request->stream_fd);
	/* X-Accel-Buffering: a proxy in front must pass events on at once. */
	size_t len =
		head_format(request, 200, chunked ? "Transfer-Encoding: chunked\r\n" : "", type,
			    "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n", head);
	request_write(request, head, len);
}

int http_stream_write(struct http_request *request, const void *data, size_t len)
{
	int chunked = strcmp(request->info->http_version, "1.0") != 0;
	char size[32];
	struct iovec pieces[] = {
		{size, chunked ? (size_t)snprintf(size, sizeof(size), "%zx\r\n", len) : 0},
		{(void *)(uintptr_t)data, len},
		{"\r\n", chunked ? 2 : 0},
	};

	if (request->write_failed)
		return -EPIPE;
	if (len == 0)
		return 0;
	http_client_wait(request->client, 1);
	if (http_send(request->stream_fd, pieces, 3) < 0) {
		request->write_failed = 1;
		request->keep_alive = 0;
		mg_disable_connection_keep_alive(request->conn);
	}
	http_client_wait(request->client, 0);
	return request->write_failed ? -EPIPE : 0;
}

void http_stream_end(struct http_request *request)
{
	if (strcmp(request->info->http_version, "1.0") != 0)
		request_write(request, "0\r\n\r\n", 5);
}
