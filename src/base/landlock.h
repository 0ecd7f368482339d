/*
 * Landlock (landlock(7), Documentation/userspace-api/landlock.rst): what a process may still reach
 * by path and by port, from the best version the kernel has.
 */
#ifndef BASE_LANDLOCK_H
#define BASE_LANDLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Versions of the kernel's interface, and what came with each. */
enum { LANDLOCK_REFER = 2, LANDLOCK_TRUNCATE, LANDLOCK_NET, LANDLOCK_IOCTL, LANDLOCK_SCOPE };

/* LANDLOCK_ACCESS_FS_… as of linux/landlock.h, whatever that of the build machine has. */
#define LANDLOCK_FS_READ_FILE (UINT64_C(1) << 2)
#define LANDLOCK_FS_READ_DIR (UINT64_C(1) << 3)
#define LANDLOCK_FS_WRITE_FILE (UINT64_C(1) << 1)
#define LANDLOCK_FS_REMOVE_FILE (UINT64_C(1) << 5)
#define LANDLOCK_FS_MAKE_REG (UINT64_C(1) << 8)
#define LANDLOCK_FS_TRUNCATE (UINT64_C(1) << 14)

struct landlock_below {
	int fd;		 /* a folder, borrowed */
	uint64_t access; /* LANDLOCK_FS_…, or-ed: what may be done below it */
};

enum { LANDLOCK_NO_PORT = -1 };

/*
 * From here on this thread and those it starts can do what below says and nothing else with files
 * they open; bind TCP port bind_port only (0: only ports the kernel picks; LANDLOCK_NO_PORT: none),
 * connect nowhere, and reach no abstract socket and no process outside. Needs no_new_privs. What
 * the kernel's version does not know is left out. Returns that version, 0 when the kernel has no
 * Landlock or it is switched off, or a negative errno.
 */
int landlock_enter(const struct landlock_below *below, size_t count, int bind_port,
		   struct error *err);

#endif
