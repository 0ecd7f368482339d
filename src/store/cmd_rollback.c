/* `sandlot image rollback` */
#include <stdio.h>

#include "bake/link.h"
#include "store/change.h"
#include "store/verb.h"

/* Nothing is verified and nothing but the link read: going back must work at once. */
static int run(const struct options *options, struct error *err)
{
	struct link_state before, now;
	struct store_image image;

	int r = link_read(options->link, &before, err);
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
		"The server verifies the image as at its start; jobs that run keep the image\n"
		"they began with.\n",
	.examples = "  sandlot image rollback\n"
		    "  sandlot image rollback --link /srv/sandlot/image\n",
	.options = OPTION_LINK,
	.changes = 1,
	.run = run,
};
