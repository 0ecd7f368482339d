/*
 * claim: not even the cell's root can make the image writable again: its flags are locked
 * layer: user-ns
 * options: --without seccomp --without uid-drop --without landlock
 * expect: denied EPERM
 * control: host
 * control-args: /open
 */
#include <sched.h>
#include <sys/mount.h>

#include "probe.h"

/* The control is told another folder, which the host's root may bind and remount as it likes. */
int main(int argc, char **argv)
{
	const char *folder = argc > 1 ? argv[1] : "/";

	if (argc > 1 &&
	    (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	     mount("/tmp", "/tmp", NULL, MS_BIND, NULL) < 0 ||
	     mount(NULL, "/tmp", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) < 0))
		return probe_say(-1);
	if (argc > 1)
		folder = "/tmp";
	return probe_say(mount(NULL, folder, NULL, MS_REMOUNT | MS_BIND, NULL));
}
