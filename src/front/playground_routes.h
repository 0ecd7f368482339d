/* The routes of the Rust Playground's own server. Run on worker threads. */
#ifndef FRONT_PLAYGROUND_ROUTES_H
#define FRONT_PLAYGROUND_ROUTES_H

#include "front/http_request.h"

void playground_execute(struct http_request *request);	/* playground_execute.c */
void playground_evaluate(struct http_request *request); /* playground_execute.c */
void playground_compile(struct http_request *request);	/* playground_action.c, as those below */
void playground_format(struct http_request *request);
void playground_clippy(struct http_request *request);
void playground_miri(struct http_request *request);
void playground_expansion(struct http_request *request);
void playground_nowebsocket(struct http_request *request); /* playground_meta.c */
void playground_crates(struct http_request *request);	   /* playground_meta.c */
void playground_versions(struct http_request *request);	   /* playground_meta.c */
void playground_gist_create(struct http_request *request); /* playground_gist.c */
void playground_gist_load(struct http_request *request);   /* playground_gist.c */

/* The session, after the handshake, until it is over. */
void playground_websocket_run(struct http_request *request);

/* Gives the request an x-request-id: the client's own when it is a sane one. */
void playground_set_request_id(struct http_request *request); /* playground_answer.c */

#endif
