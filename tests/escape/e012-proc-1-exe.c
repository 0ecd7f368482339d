/*
 * claim: the executable of pid 1, a file of the host, cannot be opened
 * layer: uid-drop
 * alone-expect: denied EACCES
 * expect: denied ENOENT
 * control-options: --without proc --without landlock --without uid-drop
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_say(open("/proc/1/exe", O_RDONLY));
}
