/*
 * claim: no device node can be made
 * layer: user-ns
 * alone-expect: denied EPERM
 * expect: denied EACCES
 * control: host
 */
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "probe.h"

int main(void)
{
	return probe_say(mknod("node", S_IFCHR | 0600, makedev(1, 1)));
}
