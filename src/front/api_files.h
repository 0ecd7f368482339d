/* The files a program left, by address: see docs/http.md. */
#ifndef FRONT_API_FILES_H
#define FRONT_API_FILES_H

#include "base/bundle.h"
#include "front/job.h"

enum { API_FILE_URL_SIZE = 64 + JOB_ID_SIZE + 3 * COLLECT_NAME_MAX };

/* Where a file of a job can be fetched, relative to the server. name: at most COLLECT_NAME_MAX
 * bytes. */
void api_file_url(const char *id, const char *name, char ret_url[API_FILE_URL_SIZE]);

/*
 * The name that a part of an address stands for (RFC 3986, 2.1). part: ends at its NUL. Returns 0,
 * or -EINVAL when it is too long or not well formed. Pure.
 */
int api_file_name(const char *part, char ret_name[COLLECT_NAME_MAX + 1]);

#endif
