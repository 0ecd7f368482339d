/*
 * claim: memory that cannot be paged out is limited
 * layer: rlimits
 * expect: denied EPERM|denied ENOMEM
 * control-options: --without rlimits
 */
#include <sys/mman.h>

#include "probe.h"

int main(void)
{
	static char memory[1 << 20];
	return probe_say(mlock(memory, sizeof(memory)));
}
