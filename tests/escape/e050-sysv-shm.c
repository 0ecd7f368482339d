/*
 * claim: shared memory of the host, open to all, is not there
 * layer: ipc-ns
 * args: {shm_key}
 * expect: denied ENOENT
 * control-options: --without ipc-ns
 */
#include <sys/shm.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	return probe_say(shmget((key_t)strtol(argv[1], NULL, 10), 0, 0));
}
