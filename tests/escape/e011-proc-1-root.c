/*
 * claim: the root of pid 1 cannot be reached
 * layer: uid-drop
 * alone-expect: denied EACCES
 * expect: denied ENOENT
 * control-options: --without proc --without landlock --without uid-drop
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_say(open("/proc/1/root/bin", O_RDONLY | O_DIRECTORY));
}
