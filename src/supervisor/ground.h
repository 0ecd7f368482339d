/*
 * What a server stands on: all that is opened, claimed and made once, while the host's files are
 * still to be seen. Runs at the supervisor's start.
 */
#ifndef SUPERVISOR_GROUND_H
#define SUPERVISOR_GROUND_H

#include <limits.h>

#include "base/error.h"
#include "sandbox/sandbox.h"
#include "supervisor/front_child.h"
#include "supervisor/image_open.h"
#include "supervisor/options.h"

/* The front end's user never changes, so that its data stays its own; the cells' come after it. */
#define FRONT_USER CELL_UID_FIRST_DEFAULT
#define VERIFY_USER (FRONT_USER + 1)

struct ground {
	struct cell_user user;
	struct cell_host host;
	struct front_plan plan;
	char image_path[PATH_MAX], keys_path[PATH_MAX];
	struct image_source source;
	int link_fd; /* holds LINK.lock; -EBADF when the image's path is no link */
};

/*
 * Becomes what cells are launched as, opens what the options name, and leaves the host's mount
 * namespace. Warns of what is missing; options that ask for more than there is are lowered to it.
 * Returns 0, or a negative errno with a sentence.
 */
int ground_open(struct ground *ground, struct options *options, struct error *err);

/* All cells and images must be gone. */
void ground_close(struct ground *ground);

#endif
