/*
 * claim: the number of files is limited
 * layer: mounts
 * options: --limit inodes=100
 * outcome: file_limit
 * exit: 1
 * expect: denied ENOSPC
 * control-options: --limit inodes=1000
 */
#include <sys/stat.h>

#include "probe.h"

int main(void)
{
	int failed = 0;

	for (int i = 0; i < 300 && !failed; i++) {
		char name[32];
		snprintf(name, sizeof(name), "/tmp/%d", i);
		failed = mknod(name, S_IFREG | 0600, 0) < 0;
	}
	probe_say(failed ? -1 : 0);
	return failed;
}
