/*
 * The proof: a cell, made by the very programs that make all others, in an image of empty folders.
 * What runs in it is this program, which ends at once when it is called as CELL_ARGUMENT.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "doctor/cell.h"
#include "doctor/cgroup_v2.h"
#include "doctor/doctor.h"
#include "doctor/parse.h"
#include "doctor/trial.h"

/* What an image must have for a cell to be mounted on it. */
static const char *const folders[] = {"bin", "dev", "proc", "tmp", "playground"};

enum { FOLDERS = sizeof(folders) / sizeof(folders[0]), SAID_MAX = 512 };

struct image {
	char path[32];
	sigset_t signals; /* as they were: none may come between making and removing */
};

static void image_remove(const struct image *image)
{
	char path[64];

	for (size_t i = 0; i < FOLDERS; i++) {
		snprintf(path, sizeof(path), "%s/%s", image->path, folders[i]);
		rmdir(path);
	}
	rmdir(image->path);
	sigprocmask(SIG_SETMASK, &image->signals, NULL);
}

static int image_make(struct image *image)
{
	sigset_t all;
	char path[64];

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &image->signals);
	snprintf(image->path, sizeof(image->path), "/tmp/sandlot-doctor-XXXXXX");
	if (!mkdtemp(image->path) || chmod(image->path, 0755) < 0) {
		int r = -errno;
		sigprocmask(SIG_SETMASK, &image->signals, NULL);
		return r;
	}
	for (size_t i = 0; i < FOLDERS; i++) {
		snprintf(path, sizeof(path), "%s/%s", image->path, folders[i]);
		if (mkdir(path, 0755) < 0) {
			int r = -errno;
			image_remove(image);
			return r;
		}
	}
	return 0;
}

/* ---- in the cell, and in the child that starts it ---- */

int cell_has_own_user(void)
{
	_cleanup_free_ char *map = NULL;

	return file_read("/proc/self/uid_map", &map) == 0 && parse_map_covers(map, 0, 1);
}

struct run {
	char program[512], self[512];
	char image[32];
	int said_fd; /* what the program says on stderr */
};

static void run_exec(const struct run *run) __attribute__((noreturn));

static void run_exec(const struct run *run)
{
	char file[sizeof(run->self) + 16];

	snprintf(file, sizeof(file), "%s:doctor", run->self);
	char *const argv[] = {(char *)(uintptr_t)run->program,
			      (char[]){"cell"},
			      (char[]){"--image"},
			      (char *)(uintptr_t)run->image,
			      (char[]){"--limit"},
			      (char[]){"wall=2s"},
			      (char[]){"--file"},
			      file,
			      (char[]){"--"},
			      (char[]){"/playground/doctor"},
			      (char[]){CELL_ARGUMENT},
			      NULL};
	int null_fd = open("/dev/null", O_RDWR);

	if (null_fd >= 0) {
		dup2(null_fd, STDIN_FILENO);
		dup2(null_fd, STDOUT_FILENO);
	}
	dup2(run->said_fd, STDERR_FILENO);
	alarm(2 * TRIAL_ALARM_SEC); /* outlives the exec */
	execv(run->program, argv);
	_exit(127);
}

/* The program must not be killed in the middle of its work: it has a time limit of its own, and
 * removes what it made; only one that outlives it by far is. */
static int run_wait(const void *context, int *step)
{
	int status;
	pid_t pid = fork();

	(void)step;
	if (pid < 0)
		return -errno;
	if (pid == 0)
		run_exec(context);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* ---- the caller ---- */

static int find_programs(struct run *run)
{
	ssize_t len = readlink("/proc/self/exe", run->self, sizeof(run->self) - 1);

	if (len < 0)
		return -errno;
	run->self[len] = '\0';
	char *slash = strrchr(run->self, '/');
	int n = snprintf(run->program, sizeof(run->program), "%.*s/../../bin/sandlot",
			 (int)(slash - run->self), run->self);
	/* A colon would end the path in --file. */
	if (n < 0 || (size_t)n >= sizeof(run->program) || strchr(run->self, ':'))
		return -ENAMETOOLONG;
	return access(run->program, X_OK) < 0 ? -errno : 0;
}

/* The last line of what it said, which is its verdict. */
static void read_said(int fd, char *ret_line, size_t size)
{
	char text[SAID_MAX];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	const char *line = strrchr(text, '\n');
	snprintf(ret_line, size, "%s", line ? line + 1 : text);
}

/* What a cell that ran lacks all the same. warning: what its launcher said. */
static void judge_cell(int own_user, const char *warning, struct finding *finding)
{
	const char *text = strstr(warning, "warning: ");

	if (own_user && !*warning)
		return;
	finding->verdict = VERDICT_DEGRADED;
	finding_cost(finding, "%s%s%s",
		     own_user ? ""
			      : "cells and their server are one user on the host: namespaces part "
				"them, user ids do not",
		     !own_user && *warning ? "; " : "",
		     text ? text + strlen("warning: ") : warning);
	finding_remedy(finding, "mend the rows above of %s%s%s", *warning ? "control groups" : "",
		       !own_user && *warning ? " and " : "", own_user ? "" : "user ids");
}

static void run_cell(struct doctor *doctor, struct run *run, struct finding *finding)
{
	const struct trial trial = {.user = TRIAL_SAME_USER, .function = run_wait, .context = run};
	char said[SAID_MAX];
	uint64_t start = clock_monotonic_usec();
	struct trial_result result = trial_run(&trial);
	int own_user = result.value == CELL_EXIT_OWN;

	read_said(run->said_fd, said, sizeof(said));
	doctor->cell_ran = trial_worked(&result) && (own_user || result.value == CELL_EXIT_SHARED);
	if (!doctor->cell_ran) {
		finding_set(finding, VERDICT_MISSING, "%s",
			    *said ? said : trial_words(&result).text);
		return;
	}
	finding_set(finding, VERDICT_OK, "a program ran in a cell, as %s, in %llu ms all in all",
		    own_user ? "a host user of its own" : "the host user that started it",
		    (unsigned long long)(clock_monotonic_usec() - start) / USEC_PER_MSEC);
	judge_cell(own_user, said, finding);
}

void check_cell(struct doctor *doctor, const struct doctor_check *check, struct finding *finding)
{
	struct run run = {.said_fd = -EBADF};
	struct cgroup_v2_saved saved;
	struct image image;

	(void)check;
	doctor->cell_ran = -1;
	int r = find_programs(&run);
	if (r < 0) {
		finding_set(finding, VERDICT_DEGRADED, "not tried: %s: %s", run.program,
			    error_words(-r));
		return;
	}
	_cleanup_fd_ int said_fd = memfd_new("said");
	r = said_fd < 0 ? said_fd : image_make(&image);
	if (r < 0) {
		finding_set(finding, VERDICT_DEGRADED, "not tried: no folder in /tmp: %s",
			    error_words(-r));
		return;
	}
	snprintf(run.image, sizeof(run.image), "%s", image.path);
	run.said_fd = said_fd;
	cgroup_v2_save(&doctor->host.cgroups.v2, &saved);
	run_cell(doctor, &run, finding);
	cgroup_v2_restore(&doctor->host.cgroups.v2, &saved);
	image_remove(&image);
}
