/*
 * Launches cells in one process, each with a fault in another step, and compares what the process
 * holds before and after. fault_test CELL_EXE TREE; the tree has the sleeper in bin.
 */
#include "holdings.h"

enum { ROUNDS = 3 };

int main(int argc, char **argv)
{
	struct cell_host host;
	int bundle_fd, failed = 0, null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (argc != 3 || holdings_enter(&host, argv[1], argv[2], &bundle_fd) < 0)
		return 2;
	struct holdings before = holdings_count(&host);
	for (int round = 0; round < ROUNDS; round++)
		for (int step = -1; step < CELL_STEP_COUNT; step++) {
			enum outcome want = step < 0 ? OUTCOME_EXITED : OUTCOME_REFUSED;
			enum outcome got = holdings_launch(&host, bundle_fd, null_fd, step);
			char when[32];
			snprintf(when, sizeof(when), "step %d", step);
			if (got != want)
				printf("%s: %s\n", when, outcome_name(got));
			struct holdings now = holdings_count(&host);
			failed |= got != want || holdings_differ(when, &before, &now);
		}
	failed |= holdings_cgroups_left(&host, bundle_fd, null_fd);
	cell_host_fini(&host);
	return failed;
}
