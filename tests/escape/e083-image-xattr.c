/*
 * claim: nothing can be attached to a file of the image
 * layer: readonly
 * expect: denied EROFS
 */
#include <sys/xattr.h>

#include "probe.h"

int main(void)
{
	return probe_say(setxattr("/open/file", "user.x", "x", 1, 0));
}
