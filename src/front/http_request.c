#include "front/http_request.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/http_limits.h"
#include "front/http_clients.h"
#include "front/json_read.h"

enum {
	BODY_PIECE = 64 << 10,
	HEADERS_MAX =
		63, /* civetweb drops silently what is beyond; a dropped one could be Origin */
};

const char *http_header(const struct http_request *request, const char *name)
{
	return mg_get_header(request->conn, name);
}

static int is_digits(const char *text)
{
	size_t n = strspn(text, "0123456789");

	return n > 0 && n <= 18 && text[n] == '\0';
}

static unsigned header_count(const struct http_request *request, const char *name)
{
	unsigned n = 0;

	for (int i = 0; i < request->info->num_headers; i++)
		n += strcasecmp(request->info->http_headers[i].name, name) == 0;
	return n;
}

const char *http_header_last(const struct http_request *request, const char *name)
{
	const char *value = NULL;

	for (int i = 0; i < request->info->num_headers; i++)
		if (strcasecmp(request->info->http_headers[i].name, name) == 0)
			value = request->info->http_headers[i].value;
	return value;
}

/*
 * A space before a field's colon has to be refused (RFC 9112, 5.1): a proxy in front may not see
 * the field. civetweb drops it in place, so that it leaves more than blanks between the name's end
 * and the value, which lie in one buffer.
 */
static int has_spaced_name(const struct http_request *request)
{
	for (int i = 0; i < request->info->num_headers; i++) {
		const struct mg_header *field = &request->info->http_headers[i];
		const char *at = field->name + strlen(field->name) + 1;
		while (at < field->value && (*at == ' ' || *at == '\t'))
			at++;
		if (at < field->value)
			return 1;
	}
	return 0;
}

int http_request_check_framing(const struct http_request *request, struct error *err)
{
	const char *length = http_header(request, "Content-Length");
	const char *coding = http_header(request, "Transfer-Encoding");

	if (request->info->num_headers > HEADERS_MAX)
		return error_set_plain(err, -E2BIG, "headers",
				       "there are more than %d header fields", HEADERS_MAX);
	if (header_count(request, "Content-Length") > 1 ||
	    header_count(request, "Transfer-Encoding") > 1 || (length && coding))
		return error_set_plain(err, -EBADMSG, "headers",
				       "the request must have one Content-Length or one "
				       "Transfer-Encoding, not several");
	if (length && !is_digits(length))
		return error_set_plain(err, -EBADMSG, "headers",
				       "Content-Length must be a number of bytes");
	if (coding && strcasecmp(coding, "chunked") != 0)
		return error_set_plain(err, -EBADMSG, "headers",
				       "Transfer-Encoding must be chunked");
	if (has_spaced_name(request))
		return error_set_plain(err, -EBADMSG, "headers",
				       "there is a space before the colon of a header field");
	if (header_count(request, "Host") > 1)
		return error_set_plain(err, -EBADMSG, "headers", "there are several Host fields");
	return 0;
}

/* A body that was refused: after the reply the connection is closed. */
static int body_refuse(struct http_request *request, int status, const char *code, int error,
		       const char *text)
{
	request->keep_alive = 0;
	http_reply_error(request, status, code, NULL, "%s", text);
	return error;
}

static int body_announce(struct http_request *request)
{
	const char *expect = http_header(request, "Expect");

	if (!expect)
		return 0;
	if (strcasecmp(expect, "100-continue") != 0)
		return body_refuse(request, 417, "expectation_failed", -EINVAL,
				   "Expect must be 100-continue");
	mg_printf(request->conn, "HTTP/1.1 100 Continue\r\n\r\n");
	return 0;
}

/* Reads to the end of the body or to max + 1 bytes. Returns 0, -ENOMEM or -EIO. */
static int body_collect(struct http_request *request, size_t max, char **ret_body, size_t *ret_len)
{
	long long length = request->info->content_length;
	size_t room = length > 0 && (size_t)length <= max ? (size_t)length : 0, used = 0;
	_cleanup_free_ char *body = malloc(room + 1);
	int n = 1;

	if (!body)
		return -ENOMEM;
	while (n > 0 && used <= max && (length < 0 || used < (size_t)length)) {
		if (used == room) {
			room = room ? room * 2 : BODY_PIECE;
			char *more = realloc(body, room + 1);
			if (!more)
				return -ENOMEM;
			body = more;
		}
		size_t want = room - used < BODY_PIECE ? room - used : BODY_PIECE;
		http_client_wait(request->client, 1);
		n = mg_read(request->conn, body + used, want);
		http_client_wait(request->client, 0);
		used += n > 0 ? (size_t)n : 0;
	}
	if (n < 0 || (length >= 0 && used < (size_t)length))
		return -EIO;
	body[used] = '\0';
	*ret_body = TAKE_PTR(body);
	*ret_len = used;
	return 0;
}

/* Why a body could not be had. Returns -EIO. */
static int body_ended(struct http_request *request, uint64_t began_usec)
{
	uint64_t patience = http_server_limits(request->server)->request_usec;

	if (clock_monotonic_usec() - began_usec < patience)
		return body_refuse(request, 400, "bad_request", -EIO, "the body ended early");
	return body_refuse(request, 408, "timeout", -EIO,
			   "the body was not sent in time; send it without pauses");
}

static int body_too_large(struct http_request *request)
{
	char most[HTTP_LIMIT_TEXT], text[128];

	http_limit_format(HTTP_LIMIT_body_bytes, http_server_limits(request->server)->body_bytes,
			  most);
	snprintf(text, sizeof(text), "the request is too large: a body may have at most %s", most);
	return body_refuse(request, 413, "too_large", -EFBIG, text);
}

int http_body_read(struct http_request *request, char **ret_body, size_t *ret_len)
{
	size_t max = http_server_limits(request->server)->body_bytes;
	uint64_t began_usec = clock_monotonic_usec();
	int chunked = http_header(request, "Transfer-Encoding") != NULL;
	_cleanup_free_ char *body = NULL;
	size_t len = 0;
	int r;

	if (!chunked && request->info->content_length > (long long)max)
		return body_too_large(request);
	r = body_announce(request);
	if (r < 0)
		return r;
	if (!chunked && request->info->content_length <= 0) {
		body = calloc(1, 1);
		r = body ? 0 : -ENOMEM;
	} else {
		r = body_collect(request, max, &body, &len);
	}
	if (r == -ENOMEM)
		return body_refuse(request, 503, "unavailable", r, "the server is out of memory");
	if (r < 0)
		return body_ended(request, began_usec);
	if (len > max)
		return body_too_large(request);
	request->body_read = 1;
	*ret_body = TAKE_PTR(body);
	*ret_len = len;
	return 0;
}

/* Is this media type (with parameters or without) application/json? */
static int type_is_json(const char *type)
{
	static const char json[] = "application/json";
	size_t n = sizeof(json) - 1;

	if (!type || strncasecmp(type, json, n) != 0)
		return 0;
	while (type[n] == ' ' || type[n] == '\t')
		n++;
	return type[n] == '\0' || type[n] == ';';
}

int http_body_read_json(struct http_request *request, json_t **ret_object)
{
	int playground = request->style == HTTP_STYLE_PLAYGROUND;
	_cleanup_free_ char *body = NULL;
	struct error err = {0};
	size_t len;
	int r;

	if (!type_is_json(http_header(request, "Content-Type"))) {
		http_reply_error(request, playground ? 400 : 415, "unsupported_media_type", NULL,
				 "%sthe Content-Type must be application/json",
				 playground ? "Unable to deserialize request: " : "");
		return -EINVAL;
	}
	r = http_body_read(request, &body, &len);
	if (r < 0)
		return r;
	r = json_read_object(body, len, ret_object, &err);
	if (r < 0)
		http_reply_error(request, 400, "bad_request", NULL, "%s%s",
				 playground ? "Unable to deserialize request: " : "", err.text);
	return r;
}
