/*
 * claim: space cannot be taken without writing
 * layer: mounts
 * options: --limit files=16M
 * expect: denied ENOSPC
 * control: host
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_say(
		fallocate(open("large", O_CREAT | O_WRONLY, 0600), 0, 0, (16 << 20) + 4096));
}
