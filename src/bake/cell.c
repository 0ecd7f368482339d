#include "bake/cell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bake/provenance.h"
#include "base/clock.h"
#include "base/fd.h"

enum {
	ARGV_MAX = 512,
	CELL_FAILED = 125, /* exit status of `sandlot cell`: no cell, see its help */
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

int cell_job_run(struct bake *bake, const struct cell_job *job, struct child_result *ret_result,
		 struct error *err)
{
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
					.keep_fd = -EBADF,
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
	return r;
}

int cell_job_must(struct bake *bake, const char *what, const struct cell_job *job,
		  struct child_result *ret_result, struct error *err)
{
	int r = cell_job_run(bake, job, ret_result, err);
	if (r < 0 || ret_result->exit_code == 0)
		return r;
	snprintf(bake->tail, sizeof(bake->tail), "%s", ret_result->tail);
	return error_set_plain(err, -EIO, "cell", "%s failed in a cell with exit status %d", what,
			       ret_result->exit_code);
}
