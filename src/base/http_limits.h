/*
 * What the HTTP side takes from anybody, before anything is known of him. One table gives the
 * struct, the options of `sandlot serve`, their help and bounds, and the server's defaults.
 */
#ifndef BASE_HTTP_LIMITS_H
#define BASE_HTTP_LIMITS_H

#include "base/limits.h"

/*
 * X(field, option, unit, least, most, default, help). least and most are those of the rows
 * http_… of WELCOME (ipc/protocol.def), too, which test_supervisor_options.c holds them to.
 */
#define HTTP_LIMITS(X)                                                                             \
	X(connections, "connections", LIMIT_COUNT, 16, 1024, 512, "connections open at once")      \
	X(client_connections, "client-connections", LIMIT_COUNT, 1, 1024, 128, "… of one client")  \
	X(head_bytes, "head-limit", LIMIT_BYTES, 4096, 256 << 10, 16 << 10,                        \
	  "a request's line and header fields; more is 431")                                       \
	X(body_bytes, "body-limit", LIMIT_BYTES, 65536, 64 << 20, 2 << 20,                         \
	  "a request's body; more is 413")                                                         \
	X(message_bytes, "message-limit", LIMIT_BYTES, 65536, 64 << 20, 2 << 20,                   \
	  "a WebSocket's message; more closes it with 1009")                                       \
	X(request_usec, "request-time", LIMIT_USEC, 1000000, 300000000, 10000000,                  \
	  "for a request's head to come, and between pieces of its body; then 408")                \
	X(idle_usec, "idle-time", LIMIT_USEC, 1000000, UINT64_C(3600000000), 30000000,             \
	  "between two requests of a connection")                                                  \
	X(session_usec, "session-idle", LIMIT_USEC, 1000000, UINT64_C(86400000000), 60000000,      \
	  "without a word on /websocket while nothing runs")

struct http_limits {
#define X(field, option, unit, least, most, standard, help) uint64_t field;
	HTTP_LIMITS(X)
#undef X
};

enum http_limit {
#define X(field, option, unit, least, most, standard, help) HTTP_LIMIT_##field,
	HTTP_LIMITS(X)
#undef X
		HTTP_LIMIT_COUNT
};

struct http_limits http_limits_default(void);

/* The row of a limit: its name is the option's without "--". Static. */
const struct limit_row *http_limit_row(enum http_limit limit);

/* Takes one as written on a command line. Returns 0, or -EINVAL or -ERANGE with a text that names
 * the option; limits is changed on success only. */
int http_limits_parse(struct http_limits *limits, enum http_limit limit, const char *value,
		      struct error *err);

enum { HTTP_LIMIT_TEXT = 32 };

/* Writes a value as people say it: "16 KiB", "1500 ms", "30 s", "512". */
void http_limit_format(enum http_limit limit, uint64_t value, char text[HTTP_LIMIT_TEXT]);

#endif
