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
	int failed = 0;

	/* 82 KiB each. */
	for (int i = 0; i < 6 && !failed; i++) {
		char name[16];
		snprintf(name, sizeof(name), "/%d", i);
		failed = mq_open(name, O_CREAT | O_RDWR, 0600, &large) < 0;
	}
	return probe_say(failed ? -1 : 0);
}
