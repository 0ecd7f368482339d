/* Limits of the host that a busy playground meets before its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/limits.h"
#include "doctor/doctor.h"
#include "doctor/parse.h"

/* A slot for a compiler and 16 for programs, for each processor; as src/supervisor/options.c. */
unsigned doctor_steps(void)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	return 17 * (processors < 1 ? 1 : processors > 256 ? 256 : (unsigned)processors);
}

/* Some 12 of each of supervisor and front end for a running cell, for the cells of 32 processors.
 */
enum { OPEN_FILES_WANTED = 8192, NAMESPACES_WANTED = 512 };

void check_open_files(struct doctor *doctor, const struct doctor_check *check,
		      struct finding *finding)
{
	struct rlimit limit = {0, 0};

	(void)doctor;
	(void)check;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_max == RLIM_INFINITY)
		finding_set(finding, VERDICT_OK, "no limit");
	else
		finding_set(finding,
			    limit.rlim_max >= OPEN_FILES_WANTED ? VERDICT_OK : VERDICT_DEGRADED,
			    "%llu (soft %llu)", (unsigned long long)limit.rlim_max,
			    (unsigned long long)limit.rlim_cur);
}

/* All that a user runs counts together; root's cells have users of their own. */
void check_processes(struct doctor *doctor, const struct doctor_check *check,
		     struct finding *finding)
{
	/* As src/supervisor/capacity.c: the server, and each step's limit and pid 1. */
	unsigned long long wanted =
		800 + (limits_default_run().processes + 1) * (unsigned long long)doctor_steps();
	struct rlimit limit = {0, 0};

	(void)check;
	getrlimit(RLIMIT_NPROC, &limit);
	if (doctor->host.is_root || limit.rlim_max == RLIM_INFINITY)
		finding_set(finding, VERDICT_OK, "no limit");
	else
		finding_set(finding, limit.rlim_max >= wanted ? VERDICT_OK : VERDICT_DEGRADED,
			    "%llu and threads together", (unsigned long long)limit.rlim_max);
}

/* Returns the setting, or -1 when this kernel has none. */
static long long user_limit(const char *kind)
{
	char path[64], text[32];
	long long value;

	snprintf(path, sizeof(path), "/proc/sys/user/max_%s_namespaces", kind);
	if (file_read_line(path, text, sizeof(text)) < 0 || parse_number(text, &value) < 0)
		return -1;
	return value;
}

static enum verdict judge_namespaces(long long value)
{
	if (value == 0)
		return VERDICT_MISSING;
	return value < 0 || value >= NAMESPACES_WANTED ? VERDICT_OK : VERDICT_DEGRADED;
}

void check_user_namespaces(struct doctor *doctor, const struct doctor_check *check,
			   struct finding *finding)
{
	long long value = user_limit("user");

	(void)doctor;
	(void)check;
	if (value < 0)
		finding_set(finding, VERDICT_OK, "no such setting");
	else
		finding_set(finding, judge_namespaces(value), "%lld", value);
}

void check_namespace_limits(struct doctor *doctor, const struct doctor_check *check,
			    struct finding *finding)
{
	static const char *const kinds[] = {"mnt", "pid", "net", "ipc", "uts", "cgroup"};
	enum verdict worst = VERDICT_OK;
	char text[FOUND_MAX] = "";

	(void)doctor;
	(void)check;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		long long value = user_limit(kinds[i]);
		enum verdict verdict = judge_namespaces(value);
		if (value < 0)
			continue;
		text_add(text, sizeof(text), "%s%s %lld", *text ? ", " : "", kinds[i], value);
		if (verdict > worst)
			worst = verdict;
	}
	finding_set(finding, worst, "%s", *text ? text : "no such settings");
}

/* Can a group's swap be bounded? Then a job over its memory limit ends rather than swaps. */
static int swap_is_bounded(const struct cgroup_layout *layout)
{
	const char *file = "memory.swap.max";
	const struct cgroup_place *place = &layout->v2;
	char path[CGROUP_DIR_MAX + 64];

	if (layout->v1[CGROUP_MEMORY].mount[0]) {
		file = "memory.swappiness"; /* 0: nothing of it is swapped */
		place = &layout->v1[CGROUP_MEMORY];
	}
	snprintf(path, sizeof(path), "%s/%s", place->own, file);
	return place->mount[0] && access(path, F_OK) == 0;
}

static int own_folder_is_writable(const struct cgroup_layout *layout)
{
	const struct cgroup_place *memory = &layout->v1[CGROUP_MEMORY];

	return access(memory->mount[0] ? memory->own : layout->v2.own, W_OK) == 0;
}

void check_swap(struct doctor *doctor, const struct doctor_check *check, struct finding *finding)
{
	struct sysinfo info = {0};

	(void)check;
	sysinfo(&info);
	unsigned long long bytes = (unsigned long long)info.totalswap * info.mem_unit;
	int bounded = swap_is_bounded(&doctor->host.cgroups);
	/* Where he may make no folders, a user's cells are in none. */
	if (!doctor->host.is_root && !own_folder_is_writable(&doctor->host.cgroups))
		bounded = 0;
	if (bytes == 0)
		finding_set(finding, VERDICT_OK, "none");
	else
		finding_set(finding, bounded ? VERDICT_OK : VERDICT_DEGRADED, "%llu MiB, %s",
			    bytes >> 20, bounded ? "kept from cells" : "open to cells");
}
