/* Manifests for tests, written in C strings with ' for ". */
#ifndef UNIT_MANIFEST_H
#define UNIT_MANIFEST_H

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "front/manifest.h"

/* The text as the supervisor hands it over: a sealed memfd, the caller's. */
static inline int unit_manifest_fd(const char *text)
{
	_cleanup_free_ char *copy = strdup(text);

	assert_non_null(copy);
	for (char *at = copy; *at; at++)
		if (*at == '\'')
			*at = '"';
	int fd = memfd_new_sealed("manifest", copy, strlen(copy));
	assert_true(fd >= 0);
	return fd;
}

/* As manifest_read(), of generation 1. */
static inline int unit_manifest_read(const char *text, struct manifest **ret_manifest,
				     struct error *err)
{
	_cleanup_fd_ int fd = unit_manifest_fd(text);

	return manifest_read(fd, 1, ret_manifest, err);
}

#endif
