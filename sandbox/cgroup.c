#include "sandbox/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cgroup_files.h"
#include "sandbox/cgroup_find.h"
#include "sandbox/cgroup_stale.h"

/* What is written into a new cell's folder. A file a kernel lacks (no swap accounting) is passed
 * over. */
enum setting_value { SET_MEMORY, SET_PIDS, SET_ZERO, SET_PIDS_AND_INIT };

static const struct setting {
	int version;
	enum cgroup_controller controller;
	const char *file;
	enum setting_value value;
	int optional;
} settings[] = {
	{1, CGROUP_MEMORY, "memory.limit_in_bytes", SET_MEMORY, 0},
	/* After the limit: memory and swap together may not be less than memory. */
	{1, CGROUP_MEMORY, "memory.memsw.limit_in_bytes", SET_MEMORY, 1},
	{1, CGROUP_PIDS, "pids.max", SET_PIDS, 0},
	{2, CGROUP_MEMORY, "memory.max", SET_MEMORY, 0},
	{2, CGROUP_MEMORY, "memory.swap.max", SET_ZERO, 1},
	/* The OOM killer shall end one process and leave the rest to tell: pid 1, and the report.
	 */
	{2, CGROUP_MEMORY, "memory.oom.group", SET_ZERO, 1},
	{2, CGROUP_PIDS, "pids.max", SET_PIDS_AND_INIT, 0}, /* pid 1 is in it there */
};

/*
 * Weights for kernels before 5.15, which have no cpu.idle: the usual ones, and 1/8 of them. A low
 * weight alone lets whoever has it keep a processor for a whole slice each time another wakes up.
 */
enum { USUAL_SHARES = 1024, USUAL_WEIGHT = 100, LOW_PART = 8 };

/* How long cgroups_free() waits in all for what is still dying. */
enum { FREE_TRIES = 200, FREE_WAIT_NSEC = 5000000 };

/* Enough for "cell-4294967295/" and the longest name of a file. */
enum { CELL_PATH_SIZE = 64 };

/* The path of a cell's file from our folder, or of the cell's folder with file NULL. */
static void cell_path(char ret_path[CELL_PATH_SIZE], const struct cgroups *cgroups, unsigned cell,
		      const char *file)
{
	if (cgroups->single)
		snprintf(ret_path, CELL_PATH_SIZE, "%s", file ? file : ".");
	else
		snprintf(ret_path, CELL_PATH_SIZE, "cell-%u%s%s", cell, file ? "/" : "",
			 file ? file : "");
}

static int hierarchy_has(const struct cgroup_hierarchy *hierarchy,
			 enum cgroup_controller controller)
{
	return (hierarchy->controllers & 1U << controller) != 0;
}

static const struct cgroup_hierarchy *hierarchy_of(const struct cgroup *cgroup,
						   enum cgroup_controller controller)
{
	const struct cgroups *cgroups = cgroup->cgroups;

	for (unsigned i = 0; i < cgroups->hierarchy_count; i++)
		if (hierarchy_has(&cgroups->hierarchies[i], controller))
			return &cgroups->hierarchies[i];
	return NULL;
}

/* Removes a cell's folders. Returns 0, or -EBUSY when one is still busy. */
static int remove_cell(const struct cgroups *cgroups, unsigned cell)
{
	char path[CELL_PATH_SIZE];
	int r = 0;

	if (cgroups->single)
		return 0; /* goes with our folder */
	cell_path(path, cgroups, cell, NULL);
	for (unsigned i = 0; i < cgroups->hierarchy_count; i++)
		if (unlinkat(cgroups->hierarchies[i].own_fd, path, AT_REMOVEDIR) < 0 &&
		    errno != ENOENT)
			r = -EBUSY;
	return r;
}

static void remove_left(struct cgroups *cgroups)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < cgroups->left_count; i++)
		if (remove_cell(cgroups, cgroups->left[i]) < 0)
			cgroups->left[kept++] = cgroups->left[i];
	cgroups->left_count = kept;
}

static void pause_briefly(void)
{
	nanosleep(&(struct timespec){.tv_nsec = FREE_WAIT_NSEC}, NULL);
}

/* Removes our folders and what is left of the cells'. Returns 0, or -EBUSY while something is busy.
 */
static int remove_own(struct cgroups *cgroups)
{
	int r = 0;

	remove_left(cgroups);
	if (cgroups->next_is_made)
		remove_cell(cgroups, cgroups->next_cell); /* nobody has ever been in it */
	cgroups->next_is_made = 0;
	/* Backwards: memory's goes last. */
	for (unsigned i = cgroups->hierarchy_count; i-- > 0;) {
		const struct cgroup_hierarchy *hierarchy = &cgroups->hierarchies[i];
		if (hierarchy->own_fd >= 0 &&
		    unlinkat(hierarchy->parent_fd, cgroups->name, AT_REMOVEDIR) < 0 &&
		    errno == EBUSY)
			r = -EBUSY;
	}
	return r;
}

struct cgroups *cgroups_free(struct cgroups *cgroups)
{
	if (!cgroups)
		return NULL;
	for (int i = 0; remove_own(cgroups) < 0 && i < FREE_TRIES; i++)
		pause_briefly();
	for (unsigned i = 0; i < cgroups->hierarchy_count; i++) {
		struct cgroup_hierarchy *hierarchy = &cgroups->hierarchies[i];
		fd_close(hierarchy->own_fd);
		fd_close(hierarchy->parent_fd);
	}
	free(cgroups);
	return NULL;
}

/* Makes our folder in one hierarchy, ready to have cells in it. */
static int make_own(struct cgroups *cgroups, struct cgroup_hierarchy *hierarchy, struct error *err)
{
	static const char *const enable[] = {
		[CGROUP_MEMORY] = "+memory", [CGROUP_PIDS] = "+pids", [CGROUP_CPU] = "+cpu"};

	hierarchy->own_fd = cgroup_make_locked(hierarchy->parent_fd, cgroups->name);
	if (hierarchy->own_fd < 0)
		return error_set(err, hierarchy->own_fd, "cgroup", "cannot make the cgroup %s",
				 cgroups->name);
	if (hierarchy->version == 1) {
		if (hierarchy_has(hierarchy, CGROUP_MEMORY)) /* inherited by the cells' folders */
			cgroup_write(hierarchy->own_fd, "memory.swappiness", "0");
		return 0;
	}
	if (cgroups->single)
		return 0; /* its own parent enables the controllers for it */
	for (unsigned i = 0; i < sizeof(enable) / sizeof(enable[0]); i++) {
		int r = hierarchy_has(hierarchy, i)
				? cgroup_write(hierarchy->own_fd, "cgroup.subtree_control",
					       enable[i])
				: 0;
		if (r < 0)
			return error_set(err, r, "cgroup", "cannot enable %s for cells",
					 enable[i] + 1);
	}
	return 0;
}

static int make_own_all(struct cgroups *cgroups, struct error *err)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < cgroups->hierarchy_count; i++)
		r = make_own(cgroups, &cgroups->hierarchies[i], err);
	return r;
}

int cgroups_clone_into(const struct cgroups *cgroups)
{
	for (unsigned i = 0; i < cgroups->hierarchy_count; i++)
		if (cgroups->hierarchies[i].version == 2)
			return 1;
	return 0;
}

/* With one cell that joins by itself, our folders are its own: made while it starts. */
static int makes_own_later(const struct cgroups *cgroups)
{
	return cgroups->single && !cgroups_clone_into(cgroups);
}

/* Returns 0, or the negative errno that making our folders would fail with. */
static int may_make_own(const struct cgroups *cgroups)
{
	for (unsigned i = 0; i < cgroups->hierarchy_count; i++)
		if (faccessat(cgroups->hierarchies[i].parent_fd, ".", W_OK, AT_EACCESS) < 0)
			return -errno;
	return 0;
}

/* With one cell there is nothing for weights to weigh: drops a hierarchy that has only those. */
static void drop_weights(struct cgroups *cgroups)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < cgroups->hierarchy_count; i++)
		if (cgroups->hierarchies[i].controllers == 1U << CGROUP_CPU)
			close(cgroups->hierarchies[i].parent_fd);
		else
			cgroups->hierarchies[kept++] = cgroups->hierarchies[i];
	cgroups->hierarchy_count = kept;
}

/*
 * Memory's folder is made first and removed last: where it is not, no other one is either.
 * (Memory's, because where only some hierarchies are divided up between sessions, that is one of
 * them.)
 */
static void put_memory_first(struct cgroups *cgroups)
{
	for (unsigned i = 1; i < cgroups->hierarchy_count; i++)
		if (hierarchy_has(&cgroups->hierarchies[i], CGROUP_MEMORY)) {
			struct cgroup_hierarchy memory = cgroups->hierarchies[i];
			cgroups->hierarchies[i] = cgroups->hierarchies[0];
			cgroups->hierarchies[0] = memory;
		}
}

/*
 * A crash leaves a folder in every hierarchy. With one cell only memory's is looked through, and
 * the others when there is something in it: reading the folders takes a tenth of a cell's whole
 * time. What is busy in one of them keeps memory's, so that the next one looks again.
 */
static void remove_stale(const struct cgroups *cgroups)
{
	unsigned busy = 0;

	if (cgroups->hierarchy_count == 0 ||
	    (cgroups->single && !cgroup_count_stale(cgroups->hierarchies[0].parent_fd)))
		return;
	for (unsigned i = cgroups->hierarchy_count; i-- > 1;)
		busy += cgroup_remove_stale(cgroups->hierarchies[i].parent_fd);
	if (!busy)
		cgroup_remove_stale(cgroups->hierarchies[0].parent_fd);
}

int cgroups_open(const char *name, int single, struct cgroups **ret_cgroups, struct error *err)
{
	const unsigned needed = 1U << CGROUP_MEMORY | 1U << CGROUP_PIDS;
	struct cgroups *cgroups = calloc(1, sizeof(*cgroups));

	if (!cgroups)
		return error_set(err, -ENOMEM, "cgroup", "cannot look for cgroups");
	snprintf(cgroups->name, sizeof(cgroups->name), "%s", name);
	cgroups->single = single;
	int r = cgroup_find(cgroups->hierarchies, err);
	if (r > 0)
		cgroups->hierarchy_count = (unsigned)r;
	put_memory_first(cgroups);
	remove_stale(cgroups);
	if (single)
		drop_weights(cgroups);
	for (unsigned i = 0; i < cgroups->hierarchy_count; i++)
		cgroups->controllers |= cgroups->hierarchies[i].controllers;
	if (r >= 0)
		r = makes_own_later(cgroups) ? may_make_own(cgroups) : make_own_all(cgroups, err);
	if (r < 0 || (cgroups->controllers & needed) != needed)
		cgroups = cgroups_free(cgroups);
	/* Mounted read-only or not delegated, as in containers: as good as none. */
	if (r < 0 && r != -EROFS && r != -EACCES && r != -EPERM)
		return r;
	*ret_cgroups = cgroups;
	return 0;
}

static uint64_t setting_number(enum setting_value value, const struct limits *limits)
{
	switch (value) {
	case SET_MEMORY:
		return limits->memory_bytes;
	case SET_PIDS:
		return limits->processes;
	case SET_PIDS_AND_INIT:
		return limits->processes + 1;
	case SET_ZERO:
		break;
	}
	return 0;
}

static int write_settings(const struct cgroup *cgroup, const struct cgroup_hierarchy *hierarchy,
			  const struct limits *limits, struct error *err)
{
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		const struct setting *setting = &settings[i];
		char path[CELL_PATH_SIZE], text[24];
		if (setting->version != hierarchy->version ||
		    !hierarchy_has(hierarchy, setting->controller))
			continue;
		cell_path(path, cgroup->cgroups, cgroup->cell, setting->file);
		snprintf(text, sizeof(text), "%llu",
			 (unsigned long long)setting_number(setting->value, limits));
		int r = cgroup_write(hierarchy->own_fd, path, text);
		if (r < 0 && !(setting->optional && r == -ENOENT))
			return error_set(err, r, "cgroup", "cannot write %s", setting->file);
	}
	return 0;
}

/* Makes a cell's folders. Returns 0, or a negative errno with none left. */
static int make_folders(const struct cgroups *cgroups, unsigned cell)
{
	char path[CELL_PATH_SIZE];

	cell_path(path, cgroups, cell, NULL);
	for (unsigned i = 0; i < cgroups->hierarchy_count; i++)
		if (mkdirat(cgroups->hierarchies[i].own_fd, path, 0755) < 0) {
			int r = -errno;
			remove_cell(cgroups, cell);
			return r;
		}
	return 0;
}

void cgroups_make_next(struct cgroups *cgroups)
{
	if (!cgroups->single && !cgroups->next_is_made)
		cgroups->next_is_made = make_folders(cgroups, cgroups->next_cell) == 0;
}

int cgroup_limit(const struct cgroup *cgroup, const struct limits *limits, struct error *err)
{
	const struct cgroups *cgroups = cgroup->cgroups;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < cgroups->hierarchy_count; i++)
		r = write_settings(cgroup, &cgroups->hierarchies[i], limits, err);
	return r;
}

static int take_folders(struct cgroups *cgroups, unsigned cell, struct error *err)
{
	int r = 0;

	if (cgroups->single) /* ours is the cell's */
		return makes_own_later(cgroups) ? make_own_all(cgroups, err) : 0;
	if (!cgroups->next_is_made)
		r = make_folders(cgroups, cell);
	cgroups->next_is_made = 0;
	return r < 0 ? error_set(err, r, "cgroup", "cannot make the cell's cgroup") : 0;
}

/* Opens the way into the cell's folder of one hierarchy. */
static int open_cell(struct cgroup *cgroup, const struct cgroup_hierarchy *hierarchy,
		     struct error *err)
{
	char path[CELL_PATH_SIZE];
	int v1 = hierarchy->version == 1;

	cell_path(path, cgroup->cgroups, cgroup->cell, v1 ? "tasks" : NULL);
	int fd = openat(hierarchy->own_fd, path,
			(v1 ? O_WRONLY : O_RDONLY | O_DIRECTORY) | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "cgroup", "cannot open the cell's cgroup");
	if (v1)
		cgroup->join_fds[cgroup->join_count++] = fd;
	else
		cgroup->into_fd = fd;
	return 0;
}

int cgroup_new(struct cgroups *cgroups, struct cgroup **ret_cgroup, struct error *err)
{
	struct cgroup *cgroup = calloc(1, sizeof(*cgroup));

	if (!cgroup)
		return error_set(err, -ENOMEM, "cgroup", "cannot make a cgroup");
	remove_left(cgroups);
	cgroup->cgroups = cgroups;
	cgroup->cell = cgroups->next_cell++;
	cgroup->into_fd = -EBADF;
	int r = take_folders(cgroups, cgroup->cell, err);
	for (unsigned i = 0; r == 0 && i < cgroups->hierarchy_count; i++)
		r = open_cell(cgroup, &cgroups->hierarchies[i], err);
	if (r < 0) {
		cgroup_free(cgroup);
		return r;
	}
	*ret_cgroup = cgroup;
	return 0;
}

void cgroup_launched(struct cgroup *cgroup)
{
	for (unsigned i = 0; i < cgroup->join_count; i++)
		close(cgroup->join_fds[i]);
	cgroup->join_count = 0;
	cgroup->into_fd = fd_close(cgroup->into_fd);
}

struct cgroup *cgroup_free(struct cgroup *cgroup)
{
	if (!cgroup)
		return NULL;
	struct cgroups *cgroups = cgroup->cgroups;
	cgroup_launched(cgroup);
	remove_left(cgroups);
	int r = remove_cell(cgroups, cgroup->cell);
	/* With a full list, wait: it only fills when the kernel takes its time over hundreds of
	 * cells. */
	for (int i = 0; r < 0 && cgroups->left_count == CGROUP_LEFT_MAX && i < FREE_TRIES; i++) {
		pause_briefly();
		remove_left(cgroups);
		r = remove_cell(cgroups, cgroup->cell);
	}
	if (r < 0 && cgroups->left_count < CGROUP_LEFT_MAX)
		cgroups->left[cgroups->left_count++] = cgroup->cell;
	free(cgroup);
	return NULL;
}

void cgroup_set_behind(const struct cgroup *cgroup, int behind)
{
	const struct cgroup_hierarchy *hierarchy = hierarchy_of(cgroup, CGROUP_CPU);
	char path[CELL_PATH_SIZE], text[16];

	if (!hierarchy)
		return;
	cell_path(path, cgroup->cgroups, cgroup->cell, "cpu.idle");
	if (cgroup_write(hierarchy->own_fd, path, behind ? "1" : "0") == 0)
		return;
	int v1 = hierarchy->version == 1;
	cell_path(path, cgroup->cgroups, cgroup->cell, v1 ? "cpu.shares" : "cpu.weight");
	snprintf(text, sizeof(text), "%d",
		 (v1 ? USUAL_SHARES : USUAL_WEIGHT) / (behind ? LOW_PART : 1));
	cgroup_write(hierarchy->own_fd, path,
		     text); /* a courtesy to others: nothing to do if it fails */
}

static uint64_t read_number(const struct cgroup *cgroup, const struct cgroup_hierarchy *hierarchy,
			    const char *file, const char *key)
{
	char path[CELL_PATH_SIZE];

	cell_path(path, cgroup->cgroups, cgroup->cell, file);
	return cgroup_read(hierarchy->own_fd, path, key);
}

uint64_t cgroup_cpu_usec(const struct cgroup *cgroup)
{
	const struct cgroup_hierarchy *hierarchy = hierarchy_of(cgroup, CGROUP_CPUACCT);

	if (!hierarchy)
		return 0;
	if (hierarchy->version == 1)
		return read_number(cgroup, hierarchy, "cpuacct.usage", NULL) / 1000;
	return read_number(cgroup, hierarchy, "cpu.stat", "usage_usec");
}

/*
 * cpuacct.usage is precise, the split of it is counted in ticks: a program of a millisecond may
 * have none, or one of four. As the kernel does for a process (kernel/sched/cputime.c,
 * cputime_adjust), the precise sum is divided as the ticks are.
 */
static void split_cpu(uint64_t total_usec, uint64_t *user, uint64_t *system)
{
	uint64_t ticks = *user + *system;

	*system = ticks ? (uint64_t)((double)total_usec * ((double)*system / (double)ticks)) : 0;
	if (*system > total_usec)
		*system = total_usec;
	*user = total_usec - *system;
}

void cgroup_read_usage(const struct cgroup *cgroup, struct cgroup_usage *ret_usage)
{
	const struct cgroup_hierarchy *cpu = hierarchy_of(cgroup, CGROUP_CPUACCT);
	const struct cgroup_hierarchy *memory = hierarchy_of(cgroup, CGROUP_MEMORY);
	const struct cgroup_hierarchy *weights = hierarchy_of(cgroup, CGROUP_CPU);
	struct cgroup_usage usage = {.has_cpu = cpu != NULL};

	if (cpu && cpu->version == 1) {
		usage.user_usec = read_number(cgroup, cpu, "cpuacct.usage_user", NULL) / 1000;
		usage.system_usec = read_number(cgroup, cpu, "cpuacct.usage_sys", NULL) / 1000;
		split_cpu(cgroup_cpu_usec(cgroup), &usage.user_usec, &usage.system_usec);
	} else if (cpu) {
		usage.user_usec = read_number(cgroup, cpu, "cpu.stat", "user_usec");
		usage.system_usec = read_number(cgroup, cpu, "cpu.stat", "system_usec");
	}
	if (memory) {
		int v1 = memory->version == 1;
		usage.memory_peak_bytes = read_number(
			cgroup, memory, v1 ? "memory.max_usage_in_bytes" : "memory.peak", NULL);
		usage.oom_kills = read_number(
			cgroup, memory, v1 ? "memory.oom_control" : "memory.events", "oom_kill");
	}
	if (weights && weights->version == 1)
		usage.throttled_usec =
			read_number(cgroup, weights, "cpu.stat", "throttled_time") / 1000;
	else if (weights)
		usage.throttled_usec = read_number(cgroup, weights, "cpu.stat", "throttled_usec");
	*ret_usage = usage;
}
