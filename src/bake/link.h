/*
 * The link that says which image is in use, such as build/image, and LINK.previous beside it, which
 * says which one was before. Every link is registered with the images it chooses from, as
 * images/roots/HASH -> LINK, so that nobody clears away what some checkout uses. Changes are
 * renames: whoever reads the link sees the image before or the one after. Runs in `sandlot bake`
 * and `sandlot image`.
 */
#ifndef BAKE_LINK_H
#define BAKE_LINK_H

#include "bake/path.h"
#include "base/error.h"

#define LINK_PREVIOUS ".previous"
#define LINK_ROOTS "roots" /* the folder of registered links, beside the images */

/* What a link and its previous point at, with all links followed; "" where there is nothing. */
struct link_state {
	struct path current, previous;
};

/* The link's absolute path, its folder's links followed. -ENOENT when there is no such folder. */
int link_path(const char *link, struct path *ret_path, struct error *err);

/* Reads both. Returns 0, or a negative errno when that cannot be told (not: when there is none). */
int link_read(const char *link, struct link_state *ret_state, struct error *err);

/*
 * Makes link point at the image's folder and LINK.previous at the one it pointed at; the link's
 * folder is made when it is missing. An image that is in use already stays so, and so does its
 * previous. Returns 1 when it was another image before, 0 when it was this one; -EEXIST when
 * something that is no symbolic link is in the way, -EBUSY when the image is being removed.
 */
int link_use(const char *link, const char *image, struct error *err);

/*
 * Swaps link and LINK.previous. Returns 0; -ENOENT with a text when there is no previous image to
 * go back to.
 */
int link_back(const char *link, struct error *err);

/* Takes each registered link; its path is absolute. Returns 0 to go on, or a negative errno. */
typedef int link_visit(void *owner, const char *root, const char *link, struct error *err);

/* Visits every link registered in images (a folder of images), in no order; root: its entry. */
int link_each(const char *images, link_visit *visit, void *owner, struct error *err);

#endif
