/*
 * claim: a world-writable file of the image cannot be written
 * layer: readonly
 * expect: denied EROFS
 * control-options: --without readonly --without landlock
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_say(open("/open/file", O_WRONLY | O_APPEND));
}
