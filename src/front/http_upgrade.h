/*
 * WebSockets: which paths are one, and who answers there. civetweb does the opening handshake in
 * between: first a request is admitted here, then the session runs.
 */
#ifndef FRONT_HTTP_UPGRADE_H
#define FRONT_HTTP_UPGRADE_H

#include "front/http_request.h"

/* Does the request ask to become a WebSocket at a path that is one? Fills request->id. */
int http_upgrade_wanted(struct http_request *request);

/*
 * Checks origin, version, room, and what the path wants. Returns 1 to go on with the handshake, or
 * 0: an error was replied.
 */
int http_upgrade_admit(struct http_request *request);

/* The session, after the handshake, until it is over. */
void http_upgrade_run(struct http_request *request);

/* A route's handler for a request that does not ask for the WebSocket that is there: says so. */
void http_upgrade_plain(struct http_request *request);

/* Calls add(pattern) for each path, as civetweb writes them. */
void http_upgrade_each(void (*add)(const char *pattern, void *context), void *context);

#endif
