/*
 * What a program left in the folder its run step collects (docs/manifest.md): files of any kind,
 * handed on as a bundle by the cell. Read in the front end's recorder thread; neither the bundle
 * nor a name or a byte of a file is trusted.
 */
#ifndef FRONT_COLLECTED_H
#define FRONT_COLLECTED_H

#include "front/product.h"

#define COLLECTED_TYPE_OTHER "application/octet-stream"

/*
 * Reads what a run step handed on. fd: borrowed; empty: nothing was there. Returns 0 and a product
 * with files, or none; -EBADMSG when it is no such bundle; -ENOMEM, or another negative errno.
 * Files with a name that is not collected_name_is_valid() are left out, and counted.
 */
int collected_read(int fd, struct product **ret_product, struct error *err);

/*
 * 1 to COLLECT_NAME_MAX bytes of UTF-8 without '/', no "." or "..", without control characters,
 * those for the direction of text and line separators among them.
 */
int collected_name_is_valid(const char *name, size_t len);

/*
 * The type a file is served with, which is one of three: image/png by its first bytes,
 * image/svg+xml by a name that ends in .svg and a UTF-8 text that begins with an element svg or an
 * XML declaration, COLLECTED_TYPE_OTHER. Pictures alone are shown. Static.
 */
const char *collected_type(const char *name, const char *data, size_t len);

#endif
