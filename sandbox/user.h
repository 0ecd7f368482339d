/*
 * The launcher's own standing: a user namespace when it is not root, and host ids for its cells
 * that no other process on this host uses at the same time. Runs once, at the start, in the
 * launcher; sandbox.h has what its users see.
 */
#ifndef SANDBOX_USER_H
#define SANDBOX_USER_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "sandbox/sandbox.h"

/* A line of /etc/subuid or /etc/subgid: ids first … first + count - 1. */
struct subid_range {
	uint32_t first, count;
};

/*
 * The longest range that text (subuid(5), NUL-terminated) gives to a user, who is named there by
 * name (may be NULL) or by number. Returns 1 with *ret_range set, or 0. Pure.
 */
int subid_find(const char *text, const char *name, uid_t uid, struct subid_range *ret_range);

/*
 * Does text give an id of this range to a user other than the one named by name (may be NULL) or
 * number? Returns 1 with that user's name, cut to size, or 0. Pure.
 */
int subid_overlaps(const char *text, struct subid_range range, const char *name, uid_t uid,
		   char *ret_other, size_t size);

/* Look a user's name, and home, up in text (passwd(5)). Return 1 with it, cut to size, or 0. Pure.
 */
int subid_user_name(const char *text, uid_t uid, char *ret_name, size_t size);
int subid_user_home(const char *text, uid_t uid, char *ret_home, size_t size);

/*
 * Enters a user namespace in which we are root. With newuidmap, newgidmap and ranges for our user,
 * ids 1 … ret_range->count are those of the ranges (and ret_range is that of user ids); else the
 * count is 0, id 0 is all there is, and missing says why. Returns 0 or a negative errno.
 */
int user_ns_enter(struct subid_range *ret_range, char *missing, size_t size, struct error *err);

/*
 * Claims `wanted` slots in a row (fewer when there are not as many) among slots 0 … total - 1, for
 * as long as *ret_fd (new) stays open: locks on bytes of the file `uids` in folder, which is made
 * when missing. Returns 0; -EBUSY when too many others hold theirs; or another negative errno.
 */
int user_claim_slots(const char *folder, unsigned total, unsigned wanted, unsigned *ret_first,
		     unsigned *ret_count, int *ret_fd, struct error *err);

#endif
