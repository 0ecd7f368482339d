/* The routes of /api/v1 and /healthz: see docs/http.md. Run on worker threads. */
#ifndef FRONT_API_ROUTES_H
#define FRONT_API_ROUTES_H

#include "front/http_request.h"

void api_healthz(struct http_request *request);	   /* api_meta.c */
void api_metrics(struct http_request *request);	   /* api_meta.c */
void api_languages(struct http_request *request);  /* api_meta.c */
void api_openapi(struct http_request *request);	   /* api_catalogue.c */
void api_image(struct http_request *request);	   /* api_catalogue.c */
void api_crates(struct http_request *request);	   /* api_catalogue.c */
void api_job_submit(struct http_request *request); /* api_jobs.c */
void api_job_get(struct http_request *request);	   /* api_jobs.c */
void api_job_kill(struct http_request *request);   /* api_jobs.c */
void api_job_stdin(struct http_request *request);  /* api_jobs.c */
void api_job_events(struct http_request *request); /* api_events.c */
void api_job_file(struct http_request *request);   /* api_files.c */

/* The WebSocket of a job (http_upgrade.h). */
int api_socket_admit(struct http_request *request); /* api_socket.c */
void api_socket_run(struct http_request *request);  /* api_socket.c */

void api_snippet_put(struct http_request *request);    /* api_snippets.c */
void api_snippet_get(struct http_request *request);    /* api_snippets.c */
void api_snippet_delete(struct http_request *request); /* api_snippets.c */

#endif
