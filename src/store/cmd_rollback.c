/* `sandlot image rollback` */
#include <stdio.h>
#include <string.h>

#include "bake/link.h"
#include "store/change.h"
#include "store/consent.h"
#include "store/verb.h"

/*
 * Consents to the image of before, which is mostly an older one. Whatever is wrong with it is told
 * when the link has changed.
 */
static void consent(const struct options *options, const struct link_state *before)
{
	struct store_image image;

	if (before->previous.text[0] && strcmp(before->previous.text, before->current.text) != 0 &&
	    store_read_image(before->previous.text, &image, NULL) >= 0)
		consent_give(&verb_rollback, options, &image);
}

/* Nothing is verified and nothing but link and record read: going back must work at once. */
static int run(const struct options *options, struct error *err)
{
	struct link_state before, now;
	struct store_image image;

	int r = link_read(options->link, &before, err);
	if (r >= 0)
		consent(options, &before);
	if (r >= 0)
		r = link_back(options->link, err);
	if (r >= 0)
		r = link_read(options->link, &now, err);
	if (r >= 0)
		r = store_read_image(now.current.text, &image, err);
	return r < 0 ? r : change_announce(options->link, &image, before.current.text, err);
}

const struct verb verb_rollback = {
	.name = "rollback",
	.operands = "",
	.summary = "go back to the image that was in use before",
	.help = "Swaps the link to the image in use with the one before, and tells the server\n"
		"that serves it. Works offline and at once; doing it again goes forward again.\n"
		"The server verifies the image as at its start, but for its age: a server takes\n"
		"no older image than it served, except exactly the one that is gone back to\n"
		"here, until a newer one is served again. Jobs that run keep the image they\n"
		"began with. Run it as the server's user.\n",
	.examples = "  sandlot image rollback\n"
		    "  sandlot image rollback --link /srv/sandlot/image\n"
		    "  sandlot image rollback --stamps /srv/sandlot/stamps   # as the server has\n",
	.options = OPTION_LINK | OPTION_STAMPS,
	.changes = 1,
	.run = run,
};
