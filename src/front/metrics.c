#include "front/metrics.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* In microseconds, and as they are written. */
static const struct {
	uint64_t usec;
	const char *text;
} bounds[METRICS_BUCKETS] = {
	{500, "0.0005"},  {1000, "0.001"},  {2500, "0.0025"}, {5000, "0.005"},	{10000, "0.01"},
	{25000, "0.025"}, {50000, "0.05"},  {100000, "0.1"},  {250000, "0.25"}, {500000, "0.5"},
	{1000000, "1"},	  {2500000, "2.5"}, {5000000, "5"},   {10000000, "10"},
};

static const char *const stage_names[METRICS_STAGES] = {
	[METRICS_QUEUE] = "queue", [METRICS_CELL] = "cell",   [METRICS_COMPILE] = "compile",
	[METRICS_RUN] = "run",	   [METRICS_TOTAL] = "total",
};

static const char *const kind_names[STEP_KIND_COUNT] = {
	[STEP_COMPILE] = "compile",
	[STEP_RUN] = "run",
};

static void observe(struct metrics_histogram *histogram, uint64_t usec)
{
	int i = 0;

	while (i < METRICS_BUCKETS && usec > bounds[i].usec)
		i++;
	histogram->buckets[i]++;
	histogram->sum_usec += usec;
}

static void count_step(struct metrics *metrics, const struct step_result *step)
{
	observe(&metrics->stages[step->kind == STEP_COMPILE ? METRICS_COMPILE : METRICS_RUN],
		step->wall_usec);
	observe(&metrics->stages[METRICS_CELL], step->cell_usec);
	metrics->cells_ready += step->was_ready != 0;
	metrics->cells_made += step->was_ready == 0;
	metrics->cpu_usec[step->kind] += step->user_usec + step->system_usec;
}

void metrics_job(struct metrics *metrics, const struct job_result *result)
{
	uint64_t cpu_usec = 0;

	for (int kind = 0; kind < STEP_KIND_COUNT; kind++) {
		const struct step_result *step = &result->steps[kind];
		/* What another job's cell has done is counted there. */
		if (!result->done[kind] || step->cached || step->shared)
			continue;
		count_step(metrics, step);
		cpu_usec += step->user_usec + step->system_usec;
	}
	observe(&metrics->job_cpu, cpu_usec);
	observe(&metrics->stages[METRICS_QUEUE], result->queued_usec);
	observe(&metrics->stages[METRICS_TOTAL], result->total_usec);
	metrics->outcomes[result->last.outcome]++;
}

void metrics_request(struct metrics *metrics, const char *path, uint64_t usec)
{
	for (int i = 0; i < METRICS_ENDPOINTS_MAX; i++) {
		if (!metrics->endpoints[i].path)
			metrics->endpoints[i].path = path;
		if (metrics->endpoints[i].path == path) {
			observe(&metrics->endpoints[i].took, usec);
			return;
		}
	}
}

/* ---- the text ---- */

static void write_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void write_seconds(FILE *out, uint64_t usec)
{
	fprintf(out, "%llu.%06llu\n", (unsigned long long)(usec / 1000000),
		(unsigned long long)(usec % 1000000));
}

/* label: its name, or NULL. */
static void write_histogram(FILE *out, const char *name, const char *label, const char *value,
			    const struct metrics_histogram *histogram)
{
	char first[96] = "", only[96] = "";
	uint64_t count = 0;

	if (label) {
		snprintf(first, sizeof(first), "%s=\"%s\",", label, value);
		snprintf(only, sizeof(only), "{%s=\"%s\"}", label, value);
	}
	for (int i = 0; i <= METRICS_BUCKETS; i++) {
		count += histogram->buckets[i];
		fprintf(out, "%s_bucket{%sle=\"%s\"} %llu\n", name, first,
			i < METRICS_BUCKETS ? bounds[i].text : "+Inf", (unsigned long long)count);
	}
	fprintf(out, "%s_sum%s ", name, only);
	write_seconds(out, histogram->sum_usec);
	fprintf(out, "%s_count%s %llu\n", name, only, (unsigned long long)count);
}

/* A metric without labels. */
static void write_value(FILE *out, const char *name, const char *type, const char *help,
			uint64_t value)
{
	write_head(out, name, type, help);
	fprintf(out, "%s %llu\n", name, (unsigned long long)value);
}

static void write_count(FILE *out, const char *name, const char *label, const char *value,
			uint64_t count)
{
	fprintf(out, "%s{%s=\"%s\"} %llu\n", name, label, value, (unsigned long long)count);
}

static void write_jobs(FILE *out, const struct metrics *metrics)
{
	write_head(out, "sandlot_jobs_total", "counter", "Jobs that have ended, by outcome.");
	for (int i = 0; i < OUTCOME_COUNT; i++)
		write_count(out, "sandlot_jobs_total", "outcome", outcome_name((enum outcome)i),
			    metrics->outcomes[i]);
	write_head(out, "sandlot_stage_seconds", "histogram",
		   "Time of jobs by the clock, by stage.");
	for (int i = 0; i < METRICS_STAGES; i++)
		write_histogram(out, "sandlot_stage_seconds", "stage", stage_names[i],
				&metrics->stages[i]);
	write_head(out, "sandlot_job_cpu_seconds", "histogram",
		   "Processor time that a job's cells have used.");
	write_histogram(out, "sandlot_job_cpu_seconds", NULL, NULL, &metrics->job_cpu);
	write_head(out, "sandlot_cpu_seconds_total", "counter", "Processor time of cells.");
	for (int i = 0; i < STEP_KIND_COUNT; i++) {
		fprintf(out, "sandlot_cpu_seconds_total{step=\"%s\"} ", kind_names[i]);
		write_seconds(out, metrics->cpu_usec[i]);
	}
}

static void write_saved(FILE *out, const struct metrics *metrics, const struct metrics_now *now)
{
	static const char compiles[] = "sandlot_compiles_total", cells[] = "sandlot_cells_total";

	write_head(out, compiles, "counter",
		   "Compiles that jobs wanted: done, found in the cache, or shared with another "
		   "job's.");
	write_count(out, compiles, "how", "done", metrics->compiles);
	write_count(out, compiles, "how", "cached", metrics->compiles_cached);
	write_count(out, compiles, "how", "shared", metrics->compiles_shared);
	write_head(out, cells, "counter", "Cells of steps: made ready before, or when wanted.");
	write_count(out, cells, "how", "ready", metrics->cells_ready);
	write_count(out, cells, "how", "made", metrics->cells_made);
	write_value(out, "sandlot_compile_cache_bytes", "gauge", "Finished compiles in memory.",
		    now->cache_bytes);
	write_value(out, "sandlot_compile_cache_entries", "gauge", "Finished compiles in memory.",
		    now->cache_entries);
}

static void write_carried(FILE *out, const struct metrics_now *now)
{
	static const char states[] = "sandlot_carried_states_total";

	write_head(out, states, "counter",
		   "What compiles left for the next one of their session: kept, given to it, or "
		   "dropped.");
	write_count(out, states, "what", "kept", now->carried_kept);
	write_count(out, states, "what", "given", now->carried_given);
	write_count(out, states, "what", "dropped", now->carried_dropped);
	write_value(out, "sandlot_carried_states", "gauge", "Such states in memory.",
		    now->carried_states);
	write_value(out, "sandlot_carried_bytes", "gauge",
		    "Such states in memory, and what the sessions' last compiles came to.",
		    now->carried_bytes);
}

static void write_now(FILE *out, const struct metrics_now *now)
{
	write_value(out, "sandlot_jobs_waiting", "gauge", "Jobs that wait for a slot.",
		    now->waiting);
	write_value(out, "sandlot_memory_short", "gauge",
		    "1 while the host's memory is short and runs wait for each other.",
		    now->memory_is_short != 0);
	write_head(out, "sandlot_steps_running", "gauge", "Steps that have a slot.");
	for (int i = 0; i < STEP_KIND_COUNT; i++)
		fprintf(out, "sandlot_steps_running{step=\"%s\"} %u\n", kind_names[i],
			now->running[i]);
}

static void write_output(FILE *out, const struct metrics *metrics, const struct metrics_now *now)
{
	write_value(out, "sandlot_output_bytes_total", "counter",
		    "Bytes that steps printed and that were read from them.",
		    metrics->output_bytes);
	write_value(out, "sandlot_outputs_held", "gauge",
		    "Streams of programs that are not read because a reader is behind.",
		    now->outputs_held);
}

static void write_requests(FILE *out, const struct metrics *metrics)
{
	static const char name[] = "playground_request_duration_seconds";

	write_head(out, name, "histogram", "Time to reply, by route.");
	for (int i = 0; i < METRICS_ENDPOINTS_MAX && metrics->endpoints[i].path; i++)
		write_histogram(out, name, "endpoint", metrics->endpoints[i].path,
				&metrics->endpoints[i].took);
}

int metrics_write(const struct metrics *metrics, const struct metrics_now *now, char **ret_text,
		  size_t *ret_len)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return -ENOMEM;
	write_jobs(out, metrics);
	write_saved(out, metrics, now);
	write_carried(out, now);
	write_now(out, now);
	write_output(out, metrics, now);
	write_requests(out, metrics);
	if (fclose(out) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	*ret_len = len;
	return 0;
}
