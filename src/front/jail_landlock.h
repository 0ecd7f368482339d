/* The jail's Landlock layer (landlock(7)): used by jail.c alone. */
#ifndef FRONT_JAIL_LANDLOCK_H
#define FRONT_JAIL_LANDLOCK_H

#include "base/error.h"

/*
 * From here on this thread and those it starts can read and write files below data_path, read those
 * below web_path (NULL: there is none) and nothing else, execute nothing, bind TCP port listen_port
 * only (0: only ports the kernel picks), connect nowhere, and reach no abstract socket and no
 * process outside. What the kernel's version of Landlock does not know is left out, with a line in
 * the log. Returns 0 or a negative errno.
 */
int jail_landlock(const char *data_path, const char *web_path, unsigned listen_port,
		  struct error *err);

#endif
