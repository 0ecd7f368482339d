/*
 * What `sandlot run` sends: the source file, its language and the options as a job request of the
 * HTTP API (docs/http.md).
 */
#ifndef CLI_RUN_REQUEST_H
#define CLI_RUN_REQUEST_H

#include "base/error.h"
#include "cli/run_http.h"
#include "cli/run_options.h"

enum { REQUEST_SOURCE_MAX = 2 << 20 }; /* what a body can hold; the server's own limit is lower */

/* How the program's stdin is fed. */
enum stdin_mode {
	STDIN_NONE,   /* there is none, or it went along with the request */
	STDIN_STREAM, /* forwarded as it comes */
};

/* An id that the server knows the language of a file by, from its extension; NULL when unknown. */
const char *language_by_extension(const char *path);

/*
 * Writes the request. Reads the source from options->file, and asks the server for its languages
 * when the extension is not a common one. Returns 0 with ret_body (new, free() it), -ENOENT and
 * other errnos when the source cannot be read, or as http_call().
 */
int request_build(const struct run_options *options, struct http *http, char **ret_body,
		  enum stdin_mode *ret_mode, struct error *err);

#endif
