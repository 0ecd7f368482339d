/*
 * claim: semaphores of one cell are not there in the next
 * layer: ipc-ns
 * first-args: {pid} leave
 * args: {pid} find
 * expect: denied ENOENT
 * after-args: {pid} remove
 */
#include <sys/sem.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	key_t key = (key_t)(0x53450000 + strtol(argv[1], NULL, 10));
	if (strcmp(argv[2], "leave") == 0)
		return probe_say(semget(key, 1, IPC_CREAT | 0666));

	int id = semget(key, 0, 0);
	if (strcmp(argv[2], "remove") == 0)
		return probe_say(semctl(id, 0, IPC_RMID));
	return probe_say(id);
}
