/*
 * Launches cells on a host that is short of something, in one process: of descriptors, of
 * processes, of memory. Every launch ends in a result, and the process holds afterwards what it
 * held before. short_test CELL_EXE TREE PIDS_FD: the tree has the sleeper in bin; PIDS_FD is
 * pids.max of a cgroup this process is in, or -1.
 */
#include <sys/resource.h>

#include "holdings.h"

struct shortage {
	const char *of;
	/* Makes it so short that `left` more may be had; left < 0: as it was. */
	void (*set)(long left);
	long most; /* left is tried from 0 to this; with it a launch must succeed */
};

static int pids_fd = -1;
static struct rlimit all_fds, all_memory;

static void set_fds(long left)
{
	struct rlimit limit = all_fds;
	rlim_t lowest = 0;

	/* A limit is the number of the first descriptor that cannot be had: fill the gaps. */
	for (int fd = HOLDINGS_FDS - 1; fd >= 0 && !lowest; fd--)
		if (fcntl(fd, F_GETFD) >= 0)
			lowest = (rlim_t)fd + 1;
	if (left >= 0)
		limit.rlim_cur = lowest + (rlim_t)left;
	setrlimit(RLIMIT_NOFILE, &limit);
}

static void set_pids(long left)
{
	char text[24];

	/* One is this process itself. */
	int n = left < 0 ? snprintf(text, sizeof(text), "max")
			 : snprintf(text, sizeof(text), "%ld", left + 1);
	if (pids_fd >= 0 && write(pids_fd, text, (size_t)n) < 0)
		abort();
}

static void set_memory(long left)
{
	struct rlimit limit = all_memory;
	long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file && fscanf(file, "%ld", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	/* From less than there is already, so that nothing can be allocated, upwards. */
	if (left >= 0)
		limit.rlim_cur = (rlim_t)(left * (256 << 10));
	setrlimit(RLIMIT_AS, &limit);
}

static int try_shortage(struct cell_host *host, const struct shortage *shortage, int bundle_fd,
			int null_fd)
{
	struct holdings before = holdings_count(host);
	int failed = 0, succeeded = 0, refused = 0;
	char when[64];

	for (long left = 0; left <= shortage->most; left++) {
		shortage->set(left);
		enum outcome got = holdings_launch(host, bundle_fd, null_fd, -1);
		shortage->set(-1);
		snprintf(when, sizeof(when), "%s, %ld left", shortage->of, left);
		struct holdings now = holdings_count(host);
		failed |= holdings_differ(when, &before, &now);
		succeeded += got == OUTCOME_EXITED;
		/* Where the cell still fits and its program does not, the exec ends in a signal. */
		refused += got == OUTCOME_REFUSED || got == OUTCOME_INTERNAL_ERROR ||
			   got == OUTCOME_SIGNALED;
	}
	/* It must have been short once and enough once, or nothing was tested. */
	if (!succeeded || !refused) {
		printf("%s: %d refused, %d succeeded\n", shortage->of, refused, succeeded);
		failed = 1;
	}
	return failed | (holdings_launch(host, bundle_fd, null_fd, -1) != OUTCOME_EXITED);
}

int main(int argc, char **argv)
{
	static const struct shortage shortages[] = {
		{"descriptors", set_fds, 24},
		{"memory", set_memory, 40},
		{"processes", set_pids, 4},
	};
	struct cell_host host;
	int bundle_fd, failed = 0, null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (argc != 4)
		return 2;
	pids_fd = (int)strtol(argv[3], NULL, 10);
	getrlimit(RLIMIT_NOFILE, &all_fds);
	getrlimit(RLIMIT_AS, &all_memory);
	if (holdings_enter(&host, argv[1], argv[2], &bundle_fd) < 0)
		return 2;
	for (size_t i = 0; i < sizeof(shortages) / sizeof(shortages[0]); i++)
		if (shortages[i].set != set_pids || pids_fd >= 0)
			failed |= try_shortage(&host, &shortages[i], bundle_fd, null_fd);
	failed |= holdings_cgroups_left(&host, bundle_fd, null_fd);
	cell_host_fini(&host);
	return failed;
}
