/*
 * claim: nothing can be mounted
 * layer: seccomp
 * expect: denied EPERM
 * control-options: --without seccomp --without uid-drop --without landlock
 */
#include <sys/mount.h>

#include "probe.h"

int main(void)
{
	return probe_say(mount("x", "/tmp", "tmpfs", 0, NULL));
}
