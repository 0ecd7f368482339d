/*
 * claim: Landlock alone keeps folders from being made in the image
 * layer: landlock
 * options: --without readonly
 * expect: denied EACCES
 */
#include <sys/stat.h>

#include "probe.h"

int main(void)
{
	char name[32];
	snprintf(name, sizeof(name), "/open/folder-%d", (int)getpid());
	int result = mkdir(name, 0700);
	if (result == 0)
		rmdir(name);
	return probe_say(result);
}
