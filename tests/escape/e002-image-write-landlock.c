/*
 * claim: Landlock alone keeps the image from being written
 * layer: landlock
 * options: --without readonly
 * expect: denied EACCES
 * control-options: --without readonly --without landlock
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	return probe_say(open("/open/file", O_WRONLY | O_APPEND));
}
