/*
 * claim: a file cannot be given to another user
 * layer: uid-drop
 * expect: denied EPERM|denied EINVAL
 * control-options: --without uid-drop
 */
#include <fcntl.h>
#include <unistd.h>

#include "probe.h"

int main(void)
{
	int fd = open("mine", O_WRONLY | O_CREAT, 0644);
	return probe_say(fd < 0 ? -1 : fchown(fd, 0, 0) < 0 ? -1 : 0);
}
