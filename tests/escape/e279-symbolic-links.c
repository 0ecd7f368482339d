/*
 * claim: links count as files
 * layer: mounts
 * options: --limit inodes=100
 * outcome: file_limit
 * exit: 1
 * expect: denied ENOSPC
 * control: host
 */
#include "probe.h"

int main(void)
{
	int failed = 0;

	for (int i = 0; i < 300 && !failed; i++) {
		char name[32];
		snprintf(name, sizeof(name), "link-%d", i);
		failed = symlink("nowhere", name) < 0;
	}
	probe_say(failed ? -1 : 0);
	return failed;
}
