/*
 * claim: no name can be added to the image, even in a folder all may write
 * layer: readonly
 * expect: denied EROFS
 */
#include "probe.h"

int main(void)
{
	char name[32];
	snprintf(name, sizeof(name), "/open/link-%d", rand());
	int result = link("/open/file", name);
	if (result == 0)
		unlink(name);
	return probe_say(result);
}
