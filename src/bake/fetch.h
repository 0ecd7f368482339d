/*
 * Files that the configuration or a recipe names by address. The bytes of the network are read by
 * apt's own downloader, as CONFINED_ID (child.h): with the machine's proxies and certificates.
 */
#ifndef BAKE_FETCH_H
#define BAKE_FETCH_H

#include "bake/bake.h"

/* Is it an absolute path, or does it begin with http://, https:// or file:/, all printable ASCII
 * without spaces, quotes and "..", so that it can be part of a command? Returns 1 or 0. */
int fetch_is_address(const char *text);

/*
 * Gets the file that is at address/name to a new file, root's, mode 0644. Returns 0; -ENOENT with a
 * text when it cannot be had, for whatever reason; -EFBIG; another negative errno. The file is what
 * came: the caller checks it.
 */
int fetch_file(struct bake *bake, const char *address, const char *name, uint64_t bytes_max,
	       const char *to, struct error *err);

/*
 * Finds a file by its SHA-256: in the cache, else at address/name (address NULL: nowhere), from
 * where it comes into the cache. ret_path: the file. Returns as fetch_file(), and -EBADMSG when
 * what is there is another file.
 */
int fetch_by_sum(struct bake *bake, const char *address, const char *name, const char *sha256,
		 uint64_t bytes_max, struct path *ret_path, struct error *err);

#endif
