/*
 * claim: no file can be opened by a handle, which knows no path and no root
 * layer: seccomp
 * args: {secret}
 * expect: denied EPERM
 * control: host
 */
#include <fcntl.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
	} at = {.handle.handle_bytes = MAX_HANDLE_SZ};
	int id, folder = open("/", O_RDONLY | O_DIRECTORY);

	/* Where handles cannot be asked for, one would be guessed: the kernel's numbers are small.
	 */
	if (name_to_handle_at(AT_FDCWD, argv[1], &at.handle, &id, 0) < 0)
		at.handle.handle_bytes = 8, at.handle.handle_type = 1;
	return probe_say(open_by_handle_at(folder, &at.handle, O_RDONLY));
}
