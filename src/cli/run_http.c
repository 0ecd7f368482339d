#include "cli/run_http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "cli/version.h"

enum { CONNECT_TIMEOUT_SEC = 10 };

int http_init(struct http *http, const char *server, struct error *err)
{
	if (strncmp(server, "http://", 7) != 0 && strncmp(server, "https://", 8) != 0)
		return error_set_plain(err, -EINVAL, "server",
				       "the server is named by a URL such as "
				       "http://127.0.0.1:8080, not \"%.80s\"",
				       server);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return error_set_plain(err, -EIO, "server", "libcurl cannot start");
	http->server = server;
	http->multi = curl_multi_init();
	return http->multi ? 0 : error_set(err, -ENOMEM, "server", "libcurl cannot start");
}

void http_fini(struct http *http)
{
	if (http->multi)
		curl_multi_cleanup(http->multi);
	*http = (struct http){0};
	curl_global_cleanup();
}

static int body_append(struct http_transfer *transfer, const char *bytes, size_t len)
{
	if (len > HTTP_BODY_MAX - transfer->body_len)
		return -EMSGSIZE;
	size_t want = transfer->body_len + len + 1;
	if (want > transfer->body_room) {
		size_t room = transfer->body_room ? transfer->body_room : 1024;
		while (room < want)
			room *= 2;
		char *grown = realloc(transfer->body, room);
		if (!grown)
			return -ENOMEM;
		transfer->body = grown;
		transfer->body_room = room;
	}
	memcpy(transfer->body + transfer->body_len, bytes, len);
	transfer->body_len += len;
	transfer->body[transfer->body_len] = '\0';
	return 0;
}

/* CURLOPT_WRITEFUNCTION: any count but len * 1 breaks the transfer off. */
static size_t reply_bytes(char *bytes, size_t one, size_t len, void *owner)
{
	struct http_transfer *transfer = owner;
	long status = 0;
	int r;

	(void)one;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	if (transfer->request.sink && status == 200)
		r = transfer->request.sink(transfer->request.owner, bytes, len);
	else
		r = body_append(transfer, bytes, len);
	return r < 0 ? CURL_WRITEFUNC_ERROR : len;
}

/* A proxy of the environment is never meant for the machine's own address. */
static int is_loopback(const char *url)
{
	static const char *const hosts[] = {"127.", "localhost", "[::1]"};
	const char *host = strstr(url, "://") + 3;

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (strncmp(host, hosts[i], strlen(hosts[i])) == 0)
			return 1;
	return 0;
}

static char *url_join(const char *server, const char *path)
{
	size_t len = strlen(server);
	char *url;

	while (len > 0 && server[len - 1] == '/')
		len--;
	return asprintf(&url, "%.*s%s", (int)len, server, path) < 0 ? NULL : url;
}

static void request_configure(const struct http *http, struct http_transfer *transfer)
{
	const struct http_request *request = &transfer->request;
	CURL *easy = transfer->easy;

	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "sandlot/" SANDLOT_VERSION);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_SEC);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, request->timeout_sec);
	if (is_loopback(http->server))
		curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, reply_bytes);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	if (strcmp(request->method, "POST") == 0) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body ? request->body : "");
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)request->body_len);
	}
}

static int headers_set(struct http_transfer *transfer)
{
	char type[80];

	snprintf(type, sizeof(type), "Content-Type: %s",
		 transfer->request.type ? transfer->request.type : "application/octet-stream");
	/* No "Expect: 100-continue": it costs a round trip, a second where it is not understood. */
	transfer->headers = curl_slist_append(NULL, "Expect:");
	struct curl_slist *all = curl_slist_append(transfer->headers, type);
	if (!transfer->headers || !all)
		return -ENOMEM;
	return curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers) == CURLE_OK
		       ? 0
		       : -ENOMEM;
}

int http_start(struct http *http, struct http_transfer *transfer,
	       const struct http_request *request, struct error *err)
{
	_cleanup_free_ char *url = url_join(http->server, request->path);

	*transfer = (struct http_transfer){.easy = curl_easy_init(), .request = *request};
	if (!url || !transfer->easy || headers_set(transfer) < 0)
		goto fail;
	request_configure(http, transfer);
	if (curl_easy_setopt(transfer->easy, CURLOPT_URL, url) != CURLE_OK ||
	    curl_multi_add_handle(http->multi, transfer->easy) != CURLM_OK)
		goto fail;
	return 0;
fail:
	http_end(http, transfer);
	return error_set(err, -ENOMEM, "server", "cannot ask the server");
}

void http_end(struct http *http, struct http_transfer *transfer)
{
	if (transfer->easy) {
		curl_multi_remove_handle(http->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
	}
	curl_slist_free_all(transfer->headers);
	free(transfer->body);
	*transfer = (struct http_transfer){0};
}

static void transfer_finish(const CURLMsg *message)
{
	struct http_transfer *transfer = NULL;
	curl_off_t retry_after = 0;

	curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
	curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &transfer->status);
	curl_easy_getinfo(message->easy_handle, CURLINFO_RETRY_AFTER, &retry_after);
	transfer->retry_after_sec =
		retry_after > 0 && retry_after < 3600 ? (unsigned)retry_after : 0;
	transfer->result = message->data.result;
	transfer->done = 1;
}

int http_poll(struct http *http, struct curl_waitfd *fds, unsigned count, int timeout_msec,
	      struct error *err)
{
	int running, left;
	CURLMcode code = curl_multi_perform(http->multi, &running);

	if (code == CURLM_OK)
		code = curl_multi_poll(http->multi, fds, count, timeout_msec, NULL);
	if (code == CURLM_OK)
		code = curl_multi_perform(http->multi, &running);
	if (code != CURLM_OK)
		return error_set_plain(err, -EIO, "server", "cannot wait for the server: %s",
				       curl_multi_strerror(code));
	for (CURLMsg *message; (message = curl_multi_info_read(http->multi, &left));)
		if (message->msg == CURLMSG_DONE)
			transfer_finish(message);
	return 0;
}

int http_call(struct http *http, struct http_transfer *transfer, const struct http_request *request,
	      struct error *err)
{
	int r = http_start(http, transfer, request, err);

	while (r == 0 && !transfer->done)
		r = http_poll(http, NULL, 0, 1000, err);
	return r < 0 ? r : http_fault(http, transfer, err);
}

int http_fault(const struct http *http, const struct http_transfer *transfer, struct error *err)
{
	switch (transfer->result) {
	case CURLE_OK:
		return 0;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
		return error_set_plain(err, -ECONNREFUSED, "server",
				       "no server answers at %.100s: start one with `sandlot "
				       "serve`, or name one with --server URL",
				       http->server);
	case CURLE_OPERATION_TIMEDOUT:
		return error_set_plain(err, -ETIMEDOUT, "server",
				       "the server at %.100s does not answer in time",
				       http->server);
	default:
		return error_set_plain(err, -EIO, "server", "the connection to %.100s failed: %s",
				       http->server, curl_easy_strerror(transfer->result));
	}
}
