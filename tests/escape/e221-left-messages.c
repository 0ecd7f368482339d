/*
 * claim: message queues of one cell are not there in the next
 * layer: ipc-ns
 * first-args: {pid} leave
 * args: {pid} find
 * expect: denied ENOENT
 * after-args: {pid} remove
 */
#include <sys/msg.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	key_t key = (key_t)(0x53450000 + strtol(argv[1], NULL, 10));
	if (strcmp(argv[2], "leave") == 0)
		return probe_say(msgget(key, IPC_CREAT | 0666));

	int id = msgget(key, 0);
	if (strcmp(argv[2], "remove") == 0)
		return probe_say(msgctl(id, IPC_RMID, NULL));
	return probe_say(id);
}
