/*
 * claim: a file of the image all may write cannot be cut
 * layer: readonly
 * expect: denied EROFS
 */
#include "probe.h"

int main(void)
{
	return probe_say(truncate("/open/file", 13));
}
