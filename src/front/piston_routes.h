/* The routes of Piston's own server, /api/v2. Run on worker threads. */
#ifndef FRONT_PISTON_ROUTES_H
#define FRONT_PISTON_ROUTES_H

#include "front/http_request.h"

void piston_execute(struct http_request *request);
void piston_list_runtimes(struct http_request *request);
void piston_list_packages(struct http_request *request);

/* The WebSocket /api/v2/connect, from after its handshake to its end. */
void piston_socket_run(struct http_request *request);

#endif
