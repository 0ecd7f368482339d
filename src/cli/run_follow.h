/*
 * Follows one job to its end: events to the terminal, stdin to the job, Ctrl-C to its end. One
 * thread, one loop, up to three transfers at a time.
 */
#ifndef CLI_RUN_FOLLOW_H
#define CLI_RUN_FOLLOW_H

#include "base/error.h"
#include "cli/run_http.h"
#include "cli/run_request.h"

/*
 * Follows the job called id. Returns the exit status to end with, or a negative errno when the
 * server was lost for good.
 */
int follow_job(struct http *http, const char *id, enum stdin_mode mode, struct error *err);

#endif
