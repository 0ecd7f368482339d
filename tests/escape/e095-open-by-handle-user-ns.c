/*
 * claim: nor with every switch off: it takes a privilege of the host's
 * layer: user-ns
 * args: /open/file
 * expect: denied EPERM
 * alone-expect: denied EPERM|denied ESTALE
 * control: host
 * control-args: {secret}
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

	if (name_to_handle_at(AT_FDCWD, argv[1], &at.handle, &id, 0) < 0)
		return probe_say(-1);
	return probe_say(open_by_handle_at(folder, &at.handle, O_RDONLY));
}
