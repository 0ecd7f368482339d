/*
 * claim: pid 1 is out of reach also where /proc shows it: it is not dumpable and another's
 * layer: uid-drop
 * options: --without proc
 * expect: denied EACCES
 * control-options: --without proc --without landlock --without uid-drop
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_say(open("/proc/1/exe", O_RDONLY));
}
