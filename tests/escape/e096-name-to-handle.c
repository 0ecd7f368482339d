/*
 * claim: no handle can be asked for: it tells the host's inode numbers and mount
 * layer: seccomp
 * expect: denied EPERM
 */
#include <fcntl.h>

#include "probe.h"

int main(void)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} at = {.handle.handle_bytes = MAX_HANDLE_SZ};
	int id;

	return probe_say(name_to_handle_at(AT_FDCWD, "/open/file", &at.handle, &id, 0));
}
