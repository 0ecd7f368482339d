/*
 * claim: no tree of mounts can be copied
 * layer: seccomp
 * expect: denied EPERM
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_call(SYS_open_tree, AT_FDCWD, "/proc", 1 /* OPEN_TREE_CLONE */);
}
