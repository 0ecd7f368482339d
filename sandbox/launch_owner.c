#include "sandbox/launch_owner.h"

#include <assert.h>
#include <errno.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The system call itself: libc's wrapper is made for processes with threads. */
static long set_effective(uid_t uid)
{
	return syscall(SYS_setresuid, -1, uid, -1);
}

static void keep_dumpable(const struct launch_owner *owner)
{
	if (owner->dumpable == 1)
		prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
}

void launch_owner_begin(uid_t uid, struct launch_owner *ret_owner)
{
	struct launch_owner owner = {0};

	owner.securebits = prctl(PR_GET_SECUREBITS, 0, 0, 0, 0);
	owner.dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	/* Without the fix-up a change of user ids leaves the capabilities as they are. */
	if (geteuid() == 0 && owner.securebits >= 0 &&
	    prctl(PR_GET_PDEATHSIG, &owner.death_signal, 0, 0, 0) == 0 &&
	    prctl(PR_SET_SECUREBITS, owner.securebits | SECBIT_NO_SETUID_FIXUP, 0, 0, 0) == 0) {
		owner.changed = 1;
		if (set_effective(uid) < 0)
			launch_owner_end(&owner), owner.changed = 0;
		keep_dumpable(&owner);
	}
	*ret_owner = owner;
}

void launch_owner_end(const struct launch_owner *owner)
{
	int saved = errno;

	if (!owner->changed)
		return;
	/* Back to the real user: that is always allowed. */
	long r = set_effective(0);
	assert(r == 0);
	prctl(PR_SET_SECUREBITS, owner->securebits, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, owner->death_signal, 0, 0, 0);
	keep_dumpable(owner);
	errno = saved;
}
