/*
 * claim: hard links, which need no inode, are limited all the same
 * layer: mounts
 * options: --limit inodes=100
 * outcome: file_limit
 * exit: 1
 * expect: denied ENOSPC
 * control: host
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	int failed = 0;

	close(open("first", O_CREAT | O_WRONLY, 0600));
	for (int i = 0; i < 300 && !failed; i++) {
		char name[32];
		snprintf(name, sizeof(name), "link-%d", i);
		failed = link("first", name) < 0;
	}
	probe_say(failed ? -1 : 0);
	return failed;
}
