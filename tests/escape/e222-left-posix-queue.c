/*
 * claim: POSIX message queues of one cell are not there in the next
 * layer: ipc-ns
 * first-args: {pid} leave
 * args: {pid} find
 * expect: denied ENOENT
 * after-args: {pid} remove
 */
#include <fcntl.h>
#include <mqueue.h>
#include <sys/stat.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	struct mq_attr small = {.mq_maxmsg = 1, .mq_msgsize = 16};
	char name[64];

	snprintf(name, sizeof(name), "/sandlot-escape-%s", argv[1]);
	if (strcmp(argv[2], "leave") == 0)
		return probe_say((umask(0), mq_open(name, O_CREAT | O_RDWR, 0666, &small)));

	if (strcmp(argv[2], "remove") == 0)
		return probe_say(mq_unlink(name));
	return probe_say(mq_open(name, O_RDONLY));
}
