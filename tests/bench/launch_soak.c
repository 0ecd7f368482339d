/* What stays behind: counted in the launcher's own process, and on the machine as far as cells
 * leave tracks there. */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox/cgroup.h"
#include "tests/bench/launch_bench.h"

/* Cells before the first count, so that what a launcher needs once is there; pauses of 10 ms. */
enum { WARM_UP = 200, PAUSES = 200, PAUSE_MSEC = 10 };

struct counts {
	unsigned processes; /* of any cell's host user, wherever they hang */
	unsigned mounts;    /* in the launcher's namespace and in the host's */
	unsigned cgroups;   /* folders below ours */
	unsigned fds, slots;
	unsigned long memory_kib;
};

static unsigned count_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	unsigned count = 0;

	for (int c; file && (c = getc(file)) != EOF;)
		count += c == '\n';
	if (file)
		fclose(file);
	return count;
}

/* Processes belong to their user in /proc. */
static unsigned count_processes(const struct cell_host *host)
{
	const uid_t end = host->uids.first + host->uids.slots * CELL_UIDS_PER_SLOT;
	unsigned count = 0;
	DIR *folder = opendir("/proc");

	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		struct stat st;
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9' ||
		    fstatat(dirfd(folder), entry->d_name, &st, 0) < 0)
			continue;
		count += st.st_uid >= host->uids.first && st.st_uid < end;
	}
	if (folder)
		closedir(folder);
	return count;
}

static unsigned count_fds(void)
{
	unsigned count = 0;
	DIR *folder = opendir("/proc/self/fd");

	while (folder && readdir(folder))
		count++;
	if (folder)
		closedir(folder);
	return count;
}

static unsigned count_folders(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *folder = copy < 0 ? NULL : fdopendir(copy);
	unsigned count = 0;

	for (struct dirent *entry; folder && (entry = readdir(folder));)
		count += entry->d_type == DT_DIR && entry->d_name[0] != '.';
	if (folder)
		closedir(folder);
	return count;
}

static unsigned count_cgroups(const struct cell_host *host)
{
	unsigned count = 0;

	for (unsigned i = 0; host->cgroups && i < host->cgroups->hierarchy_count; i++)
		count += count_folders(host->cgroups->hierarchies[i].own_fd);
	return count;
}

static unsigned count_slots(const struct cell_host *host)
{
	unsigned count = 0;

	for (unsigned i = 0; i < host->uids.slots; i++)
		count += host->slots_used[i];
	return count;
}

/* The exact sum, not the batched counter of /proc/self/statm. */
static unsigned long memory_kib(void)
{
	FILE *file = fopen("/proc/self/smaps_rollup", "re");
	char line[128];
	unsigned long kib = 0;

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "Rss:", 4) == 0)
			kib = strtoul(line + 4, NULL, 10);
	if (file)
		fclose(file);
	return kib;
}

/* Cgroups that are still busy are removed with a later cell: one is launched until none is left. */
static struct counts settle(struct bench *bench)
{
	struct counts counts;

	for (int i = 0; i < PAUSES && (i == 0 || counts.processes || counts.cgroups); i++) {
		if (i > 0) {
			poll(NULL, 0, PAUSE_MSEC);
			bench_cell(bench);
		}
		counts = (struct counts){
			.processes = count_processes(&bench->host),
			.mounts = count_lines("/proc/self/mountinfo") +
				  count_lines("/proc/1/mountinfo"),
			.cgroups = count_cgroups(&bench->host),
			.fds = count_fds(),
			.slots = count_slots(&bench->host),
			.memory_kib = memory_kib(),
		};
	}
	return counts;
}

static void print_counts(const char *when, const struct counts *counts)
{
	printf("%s processes %u mounts %u cgroups %u fds %u slots %u memory_kib %lu\n", when,
	       counts->processes, counts->mounts, counts->cgroups, counts->fds, counts->slots,
	       counts->memory_kib);
}

void bench_soak(struct bench *bench, unsigned cells)
{
	for (unsigned i = 0; i < WARM_UP; i++)
		bench_cell(bench);
	struct counts before = settle(bench);
	for (unsigned i = 0; i < cells; i++)
		bench_cell(bench);
	struct counts after = settle(bench);
	print_counts("before", &before);
	print_counts("after", &after);
}
