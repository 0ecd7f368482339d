#include "bake/cell.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bake/provenance.h"
#include "base/clock.h"
#include "base/fd.h"

enum {
	ARGV_MAX = 512,
	CELL_FAILED = 125, /* exit status of `sandlot cell`: no cell, see its help */
	REPORT_FD = 100,   /* the same each time, for it is noted in the image's provenance */
	REPORT_SIZE = 16 << 10,
};

struct words {
	const char *argv[ARGV_MAX];
	size_t count;
};

static void add(struct words *words, const char *word)
{
	if (words->count < ARGV_MAX)
		words->argv[words->count++] = word;
}

static void add_pairs(struct words *words, const char *option, const char *const *values,
		      size_t count)
{
	for (size_t i = 0; i < count && values[i]; i++) {
		add(words, option);
		add(words, values[i]);
	}
}

static void add_pair(struct words *words, const char *option, const char *value)
{
	add_pairs(words, option, &value, 1);
}

static void tool_line(void *owner, const char *line)
{
	struct bake *bake = owner;

	if (line)
		progress_tool_line(&bake->progress, line);
	else
		progress_tick(&bake->progress, NULL);
}

/* A file for `sandlot cell` to report in. Returns REPORT_FD or a negative errno. */
static int open_report(struct error *err)
{
	_cleanup_fd_ int fd = memfd_create("report", MFD_CLOEXEC);
	int report_fd = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, REPORT_FD);

	if (report_fd < 0)
		return error_set(err, -errno, "cell", "cannot make a file for a report");
	return report_fd;
}

static int read_report(int fd, struct cell_end *ret_end, struct error *err)
{
	char text[REPORT_SIZE];
	ssize_t n = pread(fd, text, sizeof(text), 0);
	json_auto_t *report = n > 0 ? json_loadb(text, (size_t)n, 0, NULL) : NULL;
	const char *outcome;

	if (json_unpack(report, "{s:s, s:i, s:i}", "outcome", &outcome, "exit_code",
			&ret_end->exit_code, "signal", &ret_end->signal) < 0)
		return error_set_plain(err, -EIO, "cell", "sandlot cell made no report");
	for (int i = 0; i < OUTCOME_COUNT; i++)
		if (strcmp(outcome_name((enum outcome)i), outcome) == 0)
			ret_end->outcome = (enum outcome)i;
	return 0;
}

int cell_job_run(struct bake *bake, const struct cell_job *job, struct child_result *ret_result,
		 struct cell_end *ret_end, struct error *err)
{
	_cleanup_fd_ int report_fd = -EBADF;
	char number[16];
	struct words words = {.count = 0};
	struct path program;

	*ret_result = (struct child_result){.exit_code = CELL_FAILED};
	int r = path_format(&program, err, "%s/../../bin/sandlot", bake->programs.text);
	if (r < 0)
		return r;
	add(&words, program.text);
	add(&words, "cell");
	add_pair(&words, "--image", job->image);
	add_pair(&words, "--profile", job->profile);
	add_pairs(&words, "--limit", job->limits, CELL_JOB_LIMITS_MAX);
	add_pairs(&words, "--env", job->env, CELL_JOB_ENV_MAX);
	add_pairs(&words, "--file", job->files, CELL_JOB_FILES_MAX);
	add_pair(&words, "--bind", job->bind);
	add_pair(&words, "--artefact", job->artefact);
	if (ret_end) {
		*ret_end = (struct cell_end){.outcome = OUTCOME_INTERNAL_ERROR};
		report_fd = open_report(err);
		if (report_fd < 0)
			return report_fd;
		snprintf(number, sizeof(number), "%d", report_fd);
		add_pair(&words, "--report", number);
	}
	add(&words, "--");
	for (size_t i = 0; job->argv[i]; i++)
		add(&words, job->argv[i]);
	add(&words, NULL);
	if (words.argv[words.count - 1])
		return error_set_plain(err, -E2BIG, "cell", "a command for a cell is too long");

	r = provenance_command(bake, words.argv, 1, err);
	if (r < 0)
		return r;
	const struct child_spec spec = {.argv = words.argv,
					.input = job->input,
					.keep_fd = report_fd,
					.capture_stdout = 1,
					.wall_usec = job->wall_usec,
					.line = job->line ? job->line : tool_line,
					.owner = job->line ? job->owner : bake};
	r = child_run(&spec, ret_result, err);
	if (r == -ENOENT)
		return error_set_plain(err, r, "cell", "%s is not there; run make build",
				       program.text);
	if (r >= 0 && ret_result->exit_code == CELL_FAILED) {
		snprintf(bake->tail, sizeof(bake->tail), "%s", ret_result->tail);
		return error_set_plain(err, -EIO, "cell",
				       "no cell could be made to run %s in; see sandlot doctor",
				       job->argv[0]);
	}
	return r < 0 || !ret_end ? r : read_report(report_fd, ret_end, err);
}

int cell_job_must(struct bake *bake, const char *what, const struct cell_job *job,
		  struct child_result *ret_result, struct error *err)
{
	int r = cell_job_run(bake, job, ret_result, NULL, err);
	if (r < 0 || ret_result->exit_code == 0)
		return r;
	snprintf(bake->tail, sizeof(bake->tail), "%s", ret_result->tail);
	return error_set_plain(err, -EIO, "cell", "%s failed in a cell with exit status %d", what,
			       ret_result->exit_code);
}
