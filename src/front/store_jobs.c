#include "front/store_internal.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"

static const char action_name[] = "action";

static const char *step_name(const struct job_result *result, int kind)
{
	return kind == STEP_RUN ? "run" : result->is_action ? action_name : "compile";
}

const char *store_statement_sql(int statement)
{
	static const char *const sql[STATEMENT_COUNT] = {
		[STATEMENT_ACCEPT] = "INSERT INTO jobs(id,client,language,accepted_usec)"
				     " VALUES(?1,?2,?3,?4)",
		[STATEMENT_FORGET] = "DELETE FROM jobs WHERE id=?1 AND ended_usec IS NULL",
		[STATEMENT_END] =
			"INSERT INTO jobs VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)"
			" ON CONFLICT(id) DO UPDATE SET ended_usec=?5,outcome=?6,detail=?7,"
			"last_step=?8,queued_usec=?9,total_usec=?10",
		[STATEMENT_STEP] = "INSERT OR REPLACE INTO steps"
				   " VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)",
		[STATEMENT_OUTPUT] = "INSERT INTO outputs(job,step,stream,data)"
				     " VALUES(?1,?2,?3,?4)",
		[STATEMENT_RECOVER] = "UPDATE jobs SET ended_usec=?1,outcome=?2,detail=?3,"
				      "total_usec=max(0,?1-accepted_usec)"
				      " WHERE ended_usec IS NULL",
		[STATEMENT_FIND] = "SELECT outcome,detail,last_step,queued_usec,total_usec"
				   " FROM jobs WHERE id=?1 AND ended_usec IS NOT NULL",
		[STATEMENT_FIND_STEPS] =
			"SELECT step,outcome,detail,exit_code,signal,wall_usec,user_usec,"
			"system_usec,memory_peak_bytes,truncated_stdout,truncated_stderr"
			" FROM steps WHERE job=?1",
		[STATEMENT_FIND_OUTPUTS] = "SELECT step,stream,data FROM outputs WHERE job=?1",
		[STATEMENT_PRUNE_AGE] = "DELETE FROM jobs WHERE accepted_usec<?1"
					" AND ended_usec IS NOT NULL",
		[STATEMENT_PRUNE_COUNT] =
			"DELETE FROM jobs WHERE ended_usec IS NOT NULL AND accepted_usec<="
			"(SELECT accepted_usec FROM jobs ORDER BY accepted_usec DESC"
			" LIMIT 1 OFFSET ?1)",
		[STATEMENT_PRUNE_BYTES] =
			"DELETE FROM outputs WHERE number<=(SELECT max(number) FROM"
			" (SELECT number, sum(length(data)) OVER (ORDER BY number DESC) AS sum"
			" FROM outputs) WHERE sum>?1)",
		[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
		[STATEMENT_COMMIT] = "COMMIT",
		[STATEMENT_ROLLBACK] = "ROLLBACK",
	};

	assert(statement >= 0 && statement < STATEMENT_COUNT);
	return sql[statement];
}

static void bind_u64(sqlite3_stmt *statement, int index, uint64_t value)
{
	sqlite3_bind_int64(statement, index, (sqlite3_int64)value);
}

static void bind_text(sqlite3_stmt *statement, int index, const char *text)
{
	sqlite3_bind_text(statement, index, text, -1, SQLITE_STATIC);
}

/* Runs a bound statement that gives no rows and forgets what was bound. Returns 0 or -EIO. */
static int run(struct store *store, enum store_statement which)
{
	sqlite3_stmt *statement = store->statements[which];

	if (!statement)
		return -EIO;
	int r = sqlite3_step(statement);
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return r == SQLITE_DONE ? 0 : -EIO;
}

static void bind_job(sqlite3_stmt *statement, const struct store_job *job)
{
	bind_text(statement, 1, job->id);
	bind_text(statement, 2, job->client);
	bind_text(statement, 3, job->language);
	bind_u64(statement, 4, job->accepted_usec);
}

int store_accept(struct store *store, const struct store_job *job, struct error *err)
{
	int r;

	pthread_mutex_lock(&store->lock);
	do {
		bind_job(store->statements[STATEMENT_ACCEPT], job);
		r = run(store, STATEMENT_ACCEPT);
	} while (r < 0 && store_replace_damaged(store));
	if (r < 0)
		store_fail(store, "store_accept", err);
	pthread_mutex_unlock(&store->lock);
	return r;
}

int store_forget(struct store *store, const char *id, struct error *err)
{
	pthread_mutex_lock(&store->lock);
	bind_text(store->statements[STATEMENT_FORGET], 1, id);
	int r = run(store, STATEMENT_FORGET);
	if (r < 0)
		store_fail(store, "store_forget", err);
	pthread_mutex_unlock(&store->lock);
	return r;
}

static int end_step(struct store *store, const char *id, const char *name,
		    const struct step_result *step)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_STEP];

	bind_text(statement, 1, id);
	bind_text(statement, 2, name);
	bind_text(statement, 3, outcome_name(step->outcome));
	bind_text(statement, 4, step->detail);
	sqlite3_bind_int(statement, 5, step->exit_code);
	sqlite3_bind_int(statement, 6, step->signal);
	bind_u64(statement, 7, step->wall_usec);
	bind_u64(statement, 8, step->user_usec);
	bind_u64(statement, 9, step->system_usec);
	bind_u64(statement, 10, step->memory_peak_bytes);
	sqlite3_bind_int(statement, 11, step->truncated_stdout);
	sqlite3_bind_int(statement, 12, step->truncated_stderr);
	return run(store, STATEMENT_STEP);
}

static int end_output(struct store *store, const char *id, const char *name, int stream,
		      const struct store_output *output)
{
	sqlite3_stmt *statement = store->statements[STATEMENT_OUTPUT];
	size_t len = output->len < STORE_OUTPUT_MAX ? output->len : STORE_OUTPUT_MAX;

	if (len == 0)
		return 0;
	bind_text(statement, 1, id);
	bind_text(statement, 2, name);
	sqlite3_bind_int(statement, 3, stream);
	sqlite3_bind_blob(statement, 4, output->data, (int)len, SQLITE_STATIC);
	return run(store, STATEMENT_OUTPUT);
}

static int end_rows(struct store *store, const struct store_job *job, const struct store_end *end)
{
	const struct job_result *result = &end->result;
	sqlite3_stmt *statement = store->statements[STATEMENT_END];

	bind_job(statement, job);
	bind_u64(statement, 5, clock_real_usec());
	bind_text(statement, 6, outcome_name(result->last.outcome));
	bind_text(statement, 7, result->last.detail);
	bind_text(statement, 8, step_name(result, result->last.kind));
	bind_u64(statement, 9, result->queued_usec);
	bind_u64(statement, 10, result->total_usec);
	int r = run(store, STATEMENT_END);
	for (int kind = 0; r == 0 && kind < STEP_KIND_COUNT; kind++) {
		if (!result->done[kind])
			continue;
		/* What is cut here is cut for good. */
		struct step_result step = result->steps[kind];
		step.truncated_stdout |= end->outputs[kind][0].len > STORE_OUTPUT_MAX;
		step.truncated_stderr |= end->outputs[kind][1].len > STORE_OUTPUT_MAX;
		r = end_step(store, job->id, step_name(result, kind), &step);
	}
	for (int kind = 0; r == 0 && kind < STEP_KIND_COUNT; kind++)
		for (int stream = 1; r == 0 && stream <= 2; stream++)
			r = end_output(store, job->id, step_name(result, kind), stream,
				       &end->outputs[kind][stream - 1]);
	return r;
}

int store_end(struct store *store, const struct store_job *job, const struct store_end *end,
	      struct error *err)
{
	int r;

	pthread_mutex_lock(&store->lock);
	do {
		r = run(store, STATEMENT_BEGIN);
		if (r == 0)
			r = end_rows(store, job, end);
		if (r == 0)
			r = run(store, STATEMENT_COMMIT);
		if (r < 0) {
			store_fail(store, "store_end", err);
			/* Damage is looked for before the rollback overwrites what was wrong. */
			if (store_replace_damaged(store))
				continue;
			if (store->db && !sqlite3_get_autocommit(store->db))
				run(store, STATEMENT_ROLLBACK);
			break;
		}
	} while (r < 0);
	pthread_mutex_unlock(&store->lock);
	return r;
}

static enum step_kind column_step(sqlite3_stmt *statement, int column)
{
	const char *name = (const char *)sqlite3_column_text(statement, column);
	return !name || strcmp(name, "run") == 0 ? STEP_RUN : STEP_COMPILE;
}

static enum outcome column_outcome(sqlite3_stmt *statement, int column)
{
	const char *name = (const char *)sqlite3_column_text(statement, column);

	for (int i = 0; name && i < OUTCOME_COUNT; i++)
		if (strcmp(outcome_name((enum outcome)i), name) == 0)
			return (enum outcome)i;
	return OUTCOME_INTERNAL_ERROR;
}

static void column_detail(sqlite3_stmt *statement, int column, struct step_result *step)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);
	snprintf(step->detail, sizeof(step->detail), "%s", text ? text : "");
}

static uint64_t column_u64(sqlite3_stmt *statement, int column)
{
	return (uint64_t)sqlite3_column_int64(statement, column);
}

/* Returns 1 for a row, 0 at the end, -EIO. */
static int row(sqlite3_stmt *statement)
{
	int r = sqlite3_step(statement);
	return r == SQLITE_ROW ? 1 : r == SQLITE_DONE ? 0 : -EIO;
}

static int find_job(sqlite3_stmt *statement, struct job_result *result)
{
	int r = row(statement);

	if (r > 0) {
		result->last.outcome = column_outcome(statement, 0);
		column_detail(statement, 1, &result->last);
		const char *name = (const char *)sqlite3_column_text(statement, 2);
		result->is_action = name && strcmp(name, action_name) == 0;
		result->last.kind = column_step(statement, 2);
		result->queued_usec = column_u64(statement, 3);
		result->total_usec = column_u64(statement, 4);
	}
	return r;
}

static int find_steps(sqlite3_stmt *statement, struct job_result *result)
{
	int r;

	while ((r = row(statement)) > 0) {
		struct step_result step = {
			.kind = column_step(statement, 0),
			.outcome = column_outcome(statement, 1),
			.exit_code = sqlite3_column_int(statement, 3),
			.signal = sqlite3_column_int(statement, 4),
			.wall_usec = column_u64(statement, 5),
			.user_usec = column_u64(statement, 6),
			.system_usec = column_u64(statement, 7),
			.memory_peak_bytes = column_u64(statement, 8),
			.truncated_stdout = sqlite3_column_int(statement, 9),
			.truncated_stderr = sqlite3_column_int(statement, 10),
		};
		column_detail(statement, 2, &step);
		result->steps[step.kind] = step;
		result->done[step.kind] = 1;
	}
	/* A job may end otherwise than its last step (the server stopped in between). */
	const struct step_result *last = &result->steps[result->last.kind];
	if (result->done[result->last.kind] && last->outcome == result->last.outcome)
		result->last = *last;
	return r;
}

static int find_outputs(sqlite3_stmt *statement, struct store_end *end)
{
	int r;

	while ((r = row(statement)) > 0) {
		enum step_kind kind = column_step(statement, 0);
		int stream = sqlite3_column_int(statement, 1);
		const void *data = sqlite3_column_blob(statement, 2);
		int len = sqlite3_column_bytes(statement, 2);
		if (stream < 1 || stream > 2 || !data || len <= 0)
			continue;
		struct store_output *output = &end->outputs[kind][stream - 1];
		free(output->data);
		output->data = malloc((size_t)len);
		if (!output->data)
			return -EIO;
		memcpy(output->data, data, (size_t)len);
		output->len = (size_t)len;
	}
	return r;
}

int store_find(struct store *store, const char *id, struct store_end *ret_end, struct error *err)
{
	static const enum store_statement which[] = {STATEMENT_FIND, STATEMENT_FIND_STEPS,
						     STATEMENT_FIND_OUTPUTS};
	struct store_end end = {0};
	int found = -EIO, r = -EIO;

	pthread_mutex_lock(&store->lock);
	sqlite3_stmt **statements = store->statements;
	if (store->db) {
		for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++)
			bind_text(statements[which[i]], 1, id);
		found = r = find_job(statements[STATEMENT_FIND], &end.result);
		if (found > 0)
			r = find_steps(statements[STATEMENT_FIND_STEPS], &end.result);
		if (found > 0 && r == 0)
			r = find_outputs(statements[STATEMENT_FIND_OUTPUTS], &end);
	}
	if (r < 0)
		store_fail(store, "store_find", err);
	for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++)
		sqlite3_reset(statements[which[i]]);
	pthread_mutex_unlock(&store->lock);
	if (r < 0 || found == 0) {
		store_end_fini(&end);
		return r < 0 ? -EIO : 0;
	}
	*ret_end = end;
	return 1;
}

void store_end_fini(struct store_end *end)
{
	for (int kind = 0; kind < STEP_KIND_COUNT; kind++)
		for (int stream = 0; stream < 2; stream++) {
			free(end->outputs[kind][stream].data);
			end->outputs[kind][stream] = (struct store_output){0};
		}
}

int store_prune(struct store *store, uint64_t now_usec, unsigned jobs_max, uint64_t bytes_max,
		struct error *err)
{
	uint64_t oldest = now_usec > STORE_AGE_MAX_USEC ? now_usec - STORE_AGE_MAX_USEC : 0;

	pthread_mutex_lock(&store->lock);
	bind_u64(store->statements[STATEMENT_PRUNE_AGE], 1, oldest);
	int r = run(store, STATEMENT_PRUNE_AGE);
	if (r == 0) {
		sqlite3_bind_int64(store->statements[STATEMENT_PRUNE_COUNT], 1, jobs_max);
		r = run(store, STATEMENT_PRUNE_COUNT);
	}
	if (r == 0) {
		bind_u64(store->statements[STATEMENT_PRUNE_BYTES], 1, bytes_max);
		r = run(store, STATEMENT_PRUNE_BYTES);
	}
	if (r < 0)
		store_fail(store, "store_prune", err);
	pthread_mutex_unlock(&store->lock);
	return r;
}
