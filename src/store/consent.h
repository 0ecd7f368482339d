/*
 * The operator's consent that a server goes back to an older image than it served (image/stamps.h):
 * he who rolls back, or says --allow-older, wants exactly that one. It is written in the stamps of
 * the user who runs the command, which are the server's when it is his.
 */
#ifndef STORE_CONSENT_H
#define STORE_CONSENT_H

#include "store/options.h"
#include "store/store.h"
#include "store/verb.h"

/*
 * Consents to the image, before the link leads to it. Never in the way of changing the link: what
 * keeps a server from knowing of the consent is told on stderr, with what to do.
 */
void consent_give(const struct verb *verb, const struct options *options,
		  const struct store_image *image);

/* Tells on stderr when the image is one that takes a consent, and there is none. */
void consent_ask(const struct verb *verb, const struct options *options,
		 const struct store_image *image);

#endif
