/*
 * claim: nobody can watch what others read: files of the image are shared by all cells
 * layer: seccomp
 * expect: denied ENOSYS
 */
#include <sys/inotify.h>

#include "probe.h"

int main(void)
{
	int fd = inotify_init1(0);
	return probe_say(fd < 0 ? -1 : inotify_add_watch(fd, "/open", IN_ALL_EVENTS));
}
