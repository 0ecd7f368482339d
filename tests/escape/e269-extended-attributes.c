/*
 * claim: attributes of files take from the same room as files
 * layer: mounts
 * options: --limit inodes=100
 * expect: denied ENOSPC|denied EOPNOTSUPP
 * control-options: --limit inodes=1000000
 * absent-if: denied EOPNOTSUPP
 */
#include <fcntl.h>
#include <sys/xattr.h>

#include "probe.h"

int main(void)
{
	static char value[60000];

	for (int i = 0; i < 8; i++) {
		char name[32];
		snprintf(name, sizeof(name), "f%d", i);
		int fd = open(name, O_RDWR | O_CREAT, 0600);
		if (fd < 0 || fsetxattr(fd, "user.x", value, sizeof(value), 0) < 0)
			return probe_say(-1);
		close(fd);
	}
	return probe_say(0);
}
