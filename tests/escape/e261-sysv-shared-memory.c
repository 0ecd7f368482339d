/*
 * claim: System V shared memory counts
 * layer: cgroup
 * options: --limit memory=32M --limit files=200M
 * outcome: out_of_memory
 * exit: 137
 * expect:
 */
#include <sys/shm.h>

#include "probe.h"

int main(void)
{
	int id = shmget(IPC_PRIVATE, 64 << 20, IPC_CREAT | 0600);
	char *memory = shmat(id, NULL, 0);

	shmctl(id, IPC_RMID, NULL);
	if (memory == (void *)-1)
		return probe_say(-1);
	memset(memory, 1, 64 << 20);
	return probe_say(0);
}
