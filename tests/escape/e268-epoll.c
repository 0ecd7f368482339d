/*
 * claim: what is watched counts
 * layer: cgroup
 * options: --limit memory=8M --limit files=200M
 * outcome: out_of_memory
 * exit: 137
 * expect:
 */
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "probe.h"

int main(void)
{
	/* Each pair of a descriptor and an epoll, of 200 bytes: twice the limit. */
	int polls[300];

	for (int i = 0; i < 300; i++)
		polls[i] = epoll_create1(0);
	for (int fd = 0; fd < 300; fd++) {
		int event = eventfd(0, 0);
		for (int i = 0; i < 300; i++)
			if (epoll_ctl(polls[i], EPOLL_CTL_ADD, event, &(struct epoll_event){0}) < 0)
				return probe_say(-1);
	}
	return probe_say(0);
}
