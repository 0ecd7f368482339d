/* Which system calls sandlot-verify may make once it is confined (seccomp(2)). */
#ifndef IMAGE_VERIFY_FILTER_H
#define IMAGE_VERIFY_FILTER_H

#include "base/error.h"

/*
 * From here on the process can read, look and write to what is open, open files, get memory that is
 * not code, and end. All else gives EPERM; another architecture's calls kill. Needs no_new_privs.
 * Returns 0 or a negative errno.
 */
int verify_filter_enter(struct error *err);

#endif
