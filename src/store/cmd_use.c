/* `sandlot image use` */
#include <stdio.h>

#include "bake/link.h"
#include "store/change.h"
#include "store/check.h"
#include "store/consent.h"
#include "store/verb.h"

static void settle_age(const struct options *options, const struct store_image *image)
{
	if (options_has(options, OPTION_OLDER))
		consent_give(&verb_use, options, image);
	else
		consent_ask(&verb_use, options, image);
}

static int run(const struct options *options, struct error *err)
{
	struct link_state before;
	struct store_image image;
	struct store store;

	int r = store_open(&store, options->cache, err);
	if (r >= 0)
		r = store_find(&store, options->operands[0], options->link, &image, err);
	store_fini(&store);
	/* The server verifies every byte; what it would refuse at once is told here. */
	if (r >= 0)
		r = check_must(&image, CHECK_QUICK, options->keys,
			       options_has(options, OPTION_UNSIGNED), err);
	if (r >= 0)
		r = link_read(options->link, &before, err);
	if (r >= 0)
		settle_age(options, &image);
	if (r >= 0)
		r = link_use(options->link, image.folder.text, err);
	if (r < 0)
		return r;
	return change_announce(options->link, &image, r > 0 ? before.current.text : NULL, err);
}

const struct verb verb_use = {
	.name = "use",
	.operands = "IMAGE",
	.summary = "make an image the one in use",
	.help = "Makes the link point at the image, in one step, and LINK.previous at the one\n"
		"it pointed at, so that `sandlot image rollback` can go back. The server that\n"
		"serves the link is told: it verifies the image and takes new jobs on it while\n"
		"those that run keep the old one; when the image is not fit, it stays with the\n"
		"old one and its log says why. Where no server runs, the next one to start\n"
		"takes the image. An image that no server would take (not signed, by a key that\n"
		"is not trusted, expired) is refused here already.\n"
		"A server takes no image that was baked before one of its name that it served:\n"
		"somebody may have signed it before it was known to be bad. --allow-older says\n"
		"that this one is wanted, until a newer one is served again; say it as the\n"
		"server's user.\n",
	.examples = "  sandlot image use 98dfc25547a5\n"
		    "  sandlot image use default --link /srv/sandlot/image\n"
		    "  sandlot image use 81847f509a21 --allow-older\n",
	.options = OPTION_CACHE | OPTION_LINK | OPTION_KEYS | OPTION_STAMPS | OPTION_UNSIGNED |
		   OPTION_OLDER,
	.least = 1,
	.most = 1,
	.changes = 1,
	.run = run,
};
