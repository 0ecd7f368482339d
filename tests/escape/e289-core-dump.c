/*
 * claim: a crash leaves no core file
 * layer: rlimits
 * outcome: signaled
 * signal: 11
 * expect:
 * args: crash
 * control-args: look
 */
#include <signal.h>
#include <sys/resource.h>

#include "probe.h"

int main(int argc, char **argv)
{
	(void)argc;
	/* What a core file would be called is the host's to say; here it would lie in the working
	 * folder. */
	if (strcmp(argv[1], "crash") == 0) {
		struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
		setrlimit(RLIMIT_CORE, &all);
		raise(SIGSEGV);
	}
	return probe_say(access("core", F_OK) == 0 ? -1 : 0);
}
