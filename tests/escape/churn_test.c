/*
 * Runs cells one after the other in one long-lived launcher and compares what it holds before and
 * after, its memory within a mebibyte. churn_test CELL_EXE TREE COUNT; the tree has the sleeper in
 * bin.
 */
#include "holdings.h"

enum { WARM_UP = 50, MOST_GROWTH_BYTES = 1 << 20 };

static int run(struct cell_host *host, int bundle_fd, int null_fd, long count)
{
	for (long i = 0; i < count; i++) {
		enum outcome got = holdings_launch(host, bundle_fd, null_fd, -1);
		if (got != OUTCOME_EXITED) {
			printf("cell %ld: %s\n", i, outcome_name(got));
			return 1;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct cell_host host;
	int bundle_fd, null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (argc != 4 || holdings_enter(&host, argv[1], argv[2], &bundle_fd) < 0)
		return 2;
	/* What is allocated once, by libc too, is there after the first few. */
	int failed = run(&host, bundle_fd, null_fd, WARM_UP);
	struct holdings before = holdings_count(&host);
	failed |= run(&host, bundle_fd, null_fd, strtol(argv[3], NULL, 10));
	struct holdings now = holdings_count(&host);
	failed |= holdings_differ("after all cells", &before, &now);
	long growth = now.resident_bytes - before.resident_bytes;
	printf("memory grew by %ld bytes\n", growth);
	failed |= growth > MOST_GROWTH_BYTES;
	failed |= holdings_cgroups_left(&host, bundle_fd, null_fd);
	cell_host_fini(&host);
	return failed;
}
