/*
 * claim: POSIX message queues are limited in bytes
 * layer: rlimits
 * options: --without landlock
 * alone-with: ipc-ns
 * control-options: --without landlock --without rlimits
 * expect: denied EMFILE
 */
#include <fcntl.h>
#include <mqueue.h>

#include "probe.h"

int main(void)
{
	struct mq_attr large = {.mq_maxmsg = 10, .mq_msgsize = 8192};
	mqd_t queues[6];
	char name[16];
	int made = 0;

	/* 82 KiB each. */
	for (; made < 6; made++) {
		snprintf(name, sizeof(name), "/%d", made);
		queues[made] = mq_open(name, O_CREAT | O_RDWR, 0600, &large);
		if (queues[made] < 0)
			break;
	}
	int error_number = errno, failed = made < 6;
	/* What a dead IPC namespace has left counts on for a while, against one's user, too. */
	while (made-- > 0) {
		snprintf(name, sizeof(name), "/%d", made);
		mq_close(queues[made]);
		mq_unlink(name);
	}
	errno = error_number;
	return probe_say(failed ? -1 : 0);
}
