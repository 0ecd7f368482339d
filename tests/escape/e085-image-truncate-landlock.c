/*
 * claim: Landlock alone keeps the image from being cut
 * layer: landlock
 * needs: landlock 3
 * options: --without readonly
 * expect: denied EACCES
 */
#include "probe.h"

int main(void)
{
	return probe_say(truncate("/open/file", 13));
}
