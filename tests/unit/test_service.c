/*
 * The front end without HTTP and without cells: jobs go in through job.h, and a thread at the other
 * end of the channel plays the supervisor. What a step does is told by the words of its command
 * line.
 */
#include "unit.h"
#include "unit_manifest.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/clock.h"
#include "base/fd.h"
#include "front/pump.h"
#include "front/service.h"
#include "ipc/channel.h"

enum { STEPS_MAX = 64, WAIT_USEC = 20000000 };

static const char manifest_text[] =
	"{'schema':1,'name':'test','id':"
	"'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef','languages':["
	"{'id':'built','name':'B','version':'1','main_file':'main','editor':'','sample':'',"
	" 'options':{'compile':{'values':['good','fails','empty'],'default':'good'}},"
	" 'compile':{'argv':['/{compile}'],'artefact':'out'},'run':{'argv':['/run','{args}']}},"
	"{'id':'script','name':'S','version':'1','main_file':'main','editor':'','sample':'',"
	" 'run':{'argv':['/run','{args}'],'files':true}}]}";

/* ---- the supervisor's part ---- */

struct fake_step {
	uint64_t id;
	int hangs;
	int fds[3];
};

struct fake {
	int fd;
	pthread_t thread;
	struct fake_step steps[STEPS_MAX]; /* those that hang */
	unsigned started;
};

static void fake_done(struct fake *fake, uint64_t id, enum outcome outcome, uint32_t code,
		      const char *artefact)
{
	_cleanup_fd_ int fd = memfd_new_sealed("artefact", artefact, strlen(artefact));
	struct ipc_message message = {
		.type = IPC_STEP_DONE,
		.step_done = {.step_id = id,
			      .outcome = outcome,
			      .exit_code = code,
			      .wall_usec = 7,
			      .memory_peak_bytes = 4096,
			      .artefact_bytes = strlen(artefact)},
	};
	/* It fails when the front end has gone, which is no concern of ours. */
	(void)channel_send(fake->fd, &message, &fd);
}

static void fake_write(int fd, char byte, size_t len)
{
	char bytes[4096];

	memset(bytes, byte, sizeof(bytes));
	while (len > 0) {
		size_t part = len < sizeof(bytes) ? len : sizeof(bytes);
		if (fd_write_all(fd, bytes, part) < 0)
			return;
		len -= part;
	}
}

/* Copies stdin to stdout until its end. */
static void fake_cat(const struct fake_step *step)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(step->fds[0], bytes, sizeof(bytes))) > 0)
		if (fd_write_all(step->fds[1], bytes, (size_t)n) < 0)
			return;
}

static void fake_close(struct fake_step *step)
{
	for (int i = 0; i < 3; i++)
		step->fds[i] = fd_close(step->fds[i]);
}

/* Words: out=N err=N bytes, mix=N turns of one byte each, cat, hang, exit=N, lost, crash. */
static void fake_word(struct fake_step *step, const char *word, enum outcome *outcome,
		      uint32_t *code)
{
	size_t number = strchr(word, '=') ? strtoul(strchr(word, '=') + 1, NULL, 10) : 0;

	if (!strncmp(word, "out=", 4))
		fake_write(step->fds[1], 'o', number);
	else if (!strncmp(word, "err=", 4))
		fake_write(step->fds[2], 'e', number);
	else if (!strncmp(word, "mix=", 4))
		for (size_t i = 0; i < number; i++) {
			fake_write(step->fds[1], 'o', 1);
			fake_write(step->fds[2], 'e', 1);
		}
	else if (!strcmp(word, "cat"))
		fake_cat(step);
	else if (!strcmp(word, "hang"))
		step->hangs = 1;
	else if (!strncmp(word, "exit=", 5))
		*code = (uint32_t)number;
	else if (!strcmp(word, "crash"))
		*outcome = OUTCOME_SIGNALED;
}

static void fake_run(struct fake *fake, struct fake_step *step, int bundle_fd, int has_artefact)
{
	struct bundle_record record;
	struct stat st;
	size_t offset = 0;
	enum outcome outcome = OUTCOME_EXITED;
	uint32_t code = 0;
	const char *artefact = "";

	fstat(bundle_fd, &st);
	void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, bundle_fd, 0);
	while (bundle_next(data, (size_t)st.st_size, &offset, &record, NULL) > 0) {
		char word[64];
		if (record.type != BUNDLE_ARG)
			continue;
		snprintf(word, sizeof(word), "%.*s", (int)record.body_len, record.body);
		if (!strcmp(word, "/good")) {
			fake_write(step->fds[2], 'w', 10);
			artefact = "program";
		} else if (!strcmp(word, "/fails")) {
			code = 101;
		} else if (!strcmp(word, "needs-artefact") && !has_artefact) {
			code = 99;
		}
		fake_word(step, word, &outcome, &code);
	}
	munmap(data, (size_t)st.st_size);
	if (step->hangs)
		return;
	fake_close(step);
	fake_done(fake, step->id, outcome, code, artefact);
}

struct fake_thread {
	struct fake *fake;
	struct fake_step step;
	int bundle_fd, has_artefact;
};

/* A step of its own thread: as a cell, it does not wait for others. */
static void *fake_step_main(void *context)
{
	struct fake_thread *thread = context;

	fake_run(thread->fake, &thread->step, thread->bundle_fd, thread->has_artefact);
	fd_close(thread->bundle_fd);
	free(thread);
	return NULL;
}

static void fake_start(struct fake *fake, const struct ipc_step_start *start, int *fds)
{
	struct fake_thread *thread = calloc(1, sizeof(*thread));
	char bundle[4096];
	pthread_t id;

	*thread = (struct fake_thread){
		.fake = fake,
		.step = {.id = start->step_id, .fds = {fds[1], fds[2], fds[3]}},
		.bundle_fd = fds[0],
		.has_artefact = (int)start->has_artefact,
	};
	fd_close(fds[4]);
	fake->started++;
	/* Those that hang print little: they are run here, and kept to be killed. */
	ssize_t n = pread(fds[0], bundle, sizeof(bundle), 0);
	if (n > 0 && memmem(bundle, (size_t)n, "hang", 4)) {
		unsigned slot = 0;
		while (fake->steps[slot].id)
			slot++;
		fake->steps[slot] = thread->step;
		fake_step_main(thread);
		return;
	}
	assert_int_equal(pthread_create(&id, NULL, fake_step_main, thread), 0);
	pthread_detach(id);
}

static void fake_kill(struct fake *fake, const struct ipc_step_kill *kill)
{
	for (int i = 0; i < STEPS_MAX; i++)
		if (fake->steps[i].id == kill->step_id) {
			fake_close(&fake->steps[i]);
			fake->steps[i].id = 0;
			fake_done(fake, kill->step_id, (enum outcome)kill->outcome, 0, "");
		}
}

static void *fake_main(void *context)
{
	struct fake *fake = context;
	struct ipc_message message;
	int fds[IPC_FDS_MAX];

	while (channel_receive(fake->fd, IPC_FRONT, IPC_SERVING, &message, fds, NULL) > 0) {
		if (message.type == IPC_STEP_START)
			fake_start(fake, &message.step_start, fds);
		else if (message.type == IPC_STEP_KILL)
			fake_kill(fake, &message.step_kill);
	}
	return NULL;
}

/* ---- the front end ---- */

struct world {
	char folder[64];
	struct service *service;
	struct fake fake;
	int channel_fd;
	pthread_t pump;
	int pump_result;
};

static void *pump_main(void *context)
{
	struct world *world = context;
	struct error err;
	world->pump_result = pump_run(world->service, world->channel_fd, &err);
	return NULL;
}

static struct manifest *world_manifest(void)
{
	struct manifest *manifest;
	struct error err;

	if (unit_manifest_read(manifest_text, &manifest, &err) < 0)
		fail_msg("%s", err.text);
	return manifest;
}

static void world_open(struct world *world)
{
	struct ipc_welcome welcome = {
		.generation = 1,
		.compile_slots = 2,
		.run_slots = 4,
		.compile_limits = limits_default_compile(),
		.run_limits = limits_default_run(),
		.interactive_wall_usec = 60 * USEC_PER_SEC,
	};
	struct service_config config = service_config_default(&welcome);
	struct store *store;
	int pair[2], set_aside;
	unsigned recovered;

	welcome.run_limits.output_bytes = 100000;
	assert_int_equal(store_open(world->folder, &store, &set_aside, &recovered, NULL), 0);
	assert_int_equal(service_new(&config, world_manifest(), store, &world->service, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	world->channel_fd = pair[0];
	world->fake = (struct fake){.fd = pair[1]};
	assert_int_equal(pthread_create(&world->fake.thread, NULL, fake_main, &world->fake), 0);
	assert_int_equal(pthread_create(&world->pump, NULL, pump_main, world), 0);
}

/* stop: STOP is sent; else the supervisor is gone. */
static void world_close(struct world *world, int stop)
{
	struct ipc_message message = {.type = IPC_STOP};

	if (stop)
		assert_int_equal(channel_send(world->fake.fd, &message, NULL), 0);
	else
		shutdown(world->fake.fd, SHUT_RDWR);
	pthread_join(world->pump, NULL);
	assert_int_equal(world->pump_result, 0);
	service_stop(world->service);
	shutdown(world->channel_fd, SHUT_RDWR);
	pthread_join(world->fake.thread, NULL);
	fd_close(world->channel_fd);
	fd_close(world->fake.fd);
	for (int i = 0; i < STEPS_MAX; i++)
		if (world->fake.steps[i].id)
			fake_close(&world->fake.steps[i]);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	snprintf(world->folder, sizeof(world->folder), "/tmp/test_service.XXXXXX");
	if (!mkdtemp(world->folder))
		return -1;
	world_open(world);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	static const char *const files[] = {"sandlot.db", "sandlot.db-wal"};
	struct world *world = *state;
	char path[128];

	if (world->service) {
		world_close(world, 1);
		service_free(world->service);
	}
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", world->folder, files[i]);
		unlink(path);
	}
	int r = rmdir(world->folder);
	free(world);
	return r;
}

/* ---- asking ---- */

struct ask {
	const char *language, *compile, *words[8], *stdin_text, *client;
	int interactive;
};

static int ask_submit(struct world *world, const struct ask *ask, struct job **ret_job,
		      unsigned *ret_retry_sec, struct error *err)
{
	static const struct job_file file = {NULL, "code", 4};
	struct job_option option = {"compile", ask->compile};
	size_t words = 0;

	while (words < 8 && ask->words[words])
		words++;
	struct job_request request = {
		.client = ask->client ? ask->client : "client",
		.language = ask->language,
		.options = &option,
		.option_count = ask->compile != NULL,
		.files = &file,
		.file_count = 1,
		.args = ask->words,
		.arg_count = words,
		.stdin_text = ask->stdin_text,
		.stdin_len = ask->stdin_text ? strlen(ask->stdin_text) : 0,
		.interactive = ask->interactive,
	};
	return job_submit(world->service, &request, ret_job, ret_retry_sec, err);
}

static struct job *submit(struct world *world, const struct ask *ask)
{
	struct error err;
	struct job *job;
	unsigned retry_sec;

	if (ask_submit(world, ask, &job, &retry_sec, &err) < 0)
		fail_msg("%s", err.text);
	return job;
}

/* Follows a job to its end. Returns its result; sums up its events. */
struct seen {
	char states[128];
	size_t bytes[STEP_KIND_COUNT][2];
	unsigned outputs, steps;
	struct job_result result;
};

static void follow_event(struct seen *seen, struct job_event *event)
{
	size_t used = strlen(seen->states);

	switch (event->type) {
	case JOB_EVENT_STATE:
		if (used < 64)
			snprintf(seen->states + used, sizeof(seen->states) - used, "%s ",
				 job_state_name(event->state));
		break;
	case JOB_EVENT_OUTPUT:
		seen->bytes[event->kind][event->stream - 1] += event->len;
		seen->outputs++;
		assert_int_equal(event->data[event->len - 1], event->data[0]);
		free(event->data);
		break;
	case JOB_EVENT_DIAGNOSTIC: /* nobody asks */
		fail();
		break;
	case JOB_EVENT_STEP:
		seen->steps++;
		break;
	case JOB_EVENT_RESULT:
		seen->result = event->result;
		break;
	}
}

static struct seen follow(struct job *job)
{
	struct seen seen = {0};
	struct job_event event;
	size_t cursor = 0;

	for (;;) {
		int r = job_next_event(job, &cursor, WAIT_USEC, &event);
		assert_int_equal(r, 1);
		follow_event(&seen, &event);
		if (event.type == JOB_EVENT_RESULT)
			break;
	}
	assert_int_equal(job_next_event(job, &cursor, 0, &event), -ENODATA);
	assert_int_equal(job_peek(job, NULL, NULL, NULL), 1);
	return seen;
}

static void wait_state(struct job *job, enum job_state state)
{
	struct job_event event;
	size_t cursor = 0;

	while (job_next_event(job, &cursor, WAIT_USEC, &event) == 1) {
		if (event.type == JOB_EVENT_OUTPUT)
			free(event.data);
		if (event.type == JOB_EVENT_STATE && event.state == state)
			return;
	}
	fail_msg("no state %s", job_state_name(state));
}

/* ---- tests ---- */

static void job_submit_built_compiles_then_runs(void **state)
{
	const struct ask ask = {.language = "built",
				.words = {"needs-artefact", "out=5", "exit=3"}};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);
	char *text;
	size_t len;

	assert_string_equal(seen.states, "queued compiling waiting_to_run running ");
	assert_int_equal(seen.result.last.kind, STEP_RUN);
	assert_int_equal(seen.result.last.outcome, OUTCOME_EXITED);
	assert_int_equal(seen.result.last.exit_code, 3);
	assert_int_equal(seen.steps, 2);
	assert_int_equal(seen.bytes[STEP_COMPILE][1], 10);
	assert_int_equal(seen.bytes[STEP_RUN][0], 5);
	assert_int_equal(job_output(job, STEP_RUN, 1, &text, &len), 0);
	assert_string_equal(text, "ooooo");
	free(text);
	job_unref(job);
}

static void job_submit_failed_compile_ends_the_job(void **state)
{
	const struct ask ask = {.language = "built", .compile = "fails"};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);

	assert_string_equal(seen.states, "queued compiling ");
	assert_int_equal(seen.result.last.kind, STEP_COMPILE);
	assert_int_equal(seen.result.last.exit_code, 101);
	assert_false(seen.result.done[STEP_RUN]);
	job_unref(job);
}

static void job_submit_compile_without_artefact_is_refused(void **state)
{
	const struct ask ask = {.language = "built", .compile = "empty"};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);

	assert_int_equal(seen.result.last.outcome, OUTCOME_REFUSED);
	assert_int_equal(seen.result.steps[STEP_COMPILE].outcome, OUTCOME_REFUSED);
	job_unref(job);
}

static void job_submit_large_output_arrives_whole(void **state)
{
	const struct ask ask = {.language = "script", .words = {"out=100000", "err=99999"}};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);

	assert_int_equal(seen.result.last.outcome, OUTCOME_EXITED);
	assert_int_equal(seen.bytes[STEP_RUN][0], 100000);
	assert_int_equal(seen.bytes[STEP_RUN][1], 99999);
	assert_false(seen.result.last.truncated_stdout || seen.result.last.truncated_stderr);
	job_unref(job);
}

static void job_submit_output_beyond_the_limit_is_cut_and_told(void **state)
{
	const struct ask ask = {.language = "script", .words = {"out=100001"}};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);

	assert_int_equal(seen.result.last.outcome, OUTCOME_OUTPUT_LIMIT);
	assert_int_equal(seen.bytes[STEP_RUN][0], 100000);
	assert_true(seen.result.last.truncated_stdout);
	assert_false(seen.result.last.truncated_stderr);
	job_unref(job);
}

static void job_submit_alternating_output_keeps_the_log_small(void **state)
{
	const struct ask ask = {.language = "script", .words = {"mix=50000"}};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);

	assert_int_equal(seen.bytes[STEP_RUN][0], 50000);
	assert_int_equal(seen.bytes[STEP_RUN][1], 50000);
	assert_in_range(seen.outputs, 1, 5000);
	seen = follow(job);
	assert_int_equal(seen.bytes[STEP_RUN][0], 50000);
	assert_in_range(seen.outputs, 1, 5000);
	job_unref(job);
}

static void job_submit_stdin_text_is_fed_and_closed(void **state)
{
	const struct ask ask = {.language = "script", .words = {"cat"}, .stdin_text = "sssss"};
	struct job *job = submit(*state, &ask);
	struct seen seen = follow(job);

	assert_int_equal(seen.bytes[STEP_RUN][0], 5);
	assert_int_equal(job_stdin(job, "x", 1), -EPIPE);
	assert_int_equal(job_stdin_close(job), -EPIPE);
	job_unref(job);
}

static void job_stdin_interactive_goes_through(void **state)
{
	const struct ask ask = {.language = "built", .words = {"cat"}, .interactive = 1};
	struct job *job = submit(*state, &ask);
	static char large[90000];

	memset(large, 'x', sizeof(large));
	assert_int_equal(job_stdin(job, large, 10), 0);
	wait_state(job, JOB_RUNNING);
	assert_int_equal(job_stdin(job, large, sizeof(large) - 10), 0);
	assert_int_equal(job_stdin_close(job), 0);
	assert_int_equal(job_stdin(job, "x", 1), -EPIPE);
	struct seen seen = follow(job);
	assert_int_equal(seen.bytes[STEP_RUN][0], sizeof(large));
	assert_int_equal(seen.result.last.outcome, OUTCOME_EXITED);
	job_unref(job);
}

static void job_stdin_too_much_waiting_is_refused(void **state)
{
	const struct ask ask = {.language = "script", .words = {"hang"}, .interactive = 1};
	struct job *job = submit(*state, &ask);
	char *large = calloc(1, JOB_STDIN_BUFFER);

	wait_state(job, JOB_RUNNING);
	assert_int_equal(job_stdin(job, large, JOB_STDIN_BUFFER), 0);
	/* A pipe takes 64 KiB of it at most. */
	assert_int_equal(job_stdin(job, large, JOB_STDIN_BUFFER), -ENOBUFS);
	free(large);
	job_kill(job);
	assert_int_equal(follow(job).result.last.outcome, OUTCOME_KILLED);
	job_unref(job);
}

static void job_kill_running_ends_it(void **state)
{
	const struct ask ask = {.language = "script", .words = {"out=5", "hang"}};
	struct job *job = submit(*state, &ask);
	struct seen seen;

	wait_state(job, JOB_RUNNING);
	job_kill(job);
	job_kill(job);
	seen = follow(job);
	assert_int_equal(seen.result.last.outcome, OUTCOME_KILLED);
	assert_int_equal(seen.bytes[STEP_RUN][0], 5);
	job_kill(job);
	job_unref(job);
}

static void job_kill_queued_ends_it_and_positions_move(void **state)
{
	const struct ask ask = {.language = "script", .words = {"hang"}};
	struct job *jobs[6];
	enum job_state job_state;
	unsigned position;

	/* Of four run slots one client gets three. */
	for (int i = 0; i < 6; i++)
		jobs[i] = submit(*state, &ask);
	wait_state(jobs[2], JOB_RUNNING);
	assert_int_equal(job_peek(jobs[5], &job_state, &position, NULL), 0);
	assert_int_equal(job_state, JOB_QUEUED);
	assert_int_equal(position, 3);
	job_kill(jobs[3]);
	struct seen seen = follow(jobs[3]);
	assert_int_equal(seen.result.last.outcome, OUTCOME_KILLED);
	assert_false(seen.result.done[STEP_RUN]);
	assert_int_equal(job_peek(jobs[5], &job_state, &position, NULL), 0);
	assert_int_equal(position, 2);
	for (int i = 0; i < 6; i++)
		job_kill(jobs[i]);
	for (int i = 0; i < 6; i++) {
		assert_int_equal(follow(jobs[i]).result.last.outcome, OUTCOME_KILLED);
		job_unref(jobs[i]);
	}
}

static void job_submit_full_queue_is_refused_with_a_time(void **state)
{
	const struct ask ask = {.language = "script", .words = {"hang"}};
	struct job *jobs[3 + QUEUE_CLIENT_MAX], *job;
	unsigned retry_sec = 0;
	struct error err = {0};

	for (int i = 0; i < 3; i++) {
		jobs[i] = submit(*state, &ask);
		wait_state(jobs[i], JOB_RUNNING);
	}
	for (int i = 3; i < 3 + QUEUE_CLIENT_MAX; i++)
		jobs[i] = submit(*state, &ask);
	assert_int_equal(ask_submit(*state, &ask, &job, &retry_sec, &err), -EBUSY);
	assert_in_range(retry_sec, 1, 60);
	/* Another client is not concerned. */
	const struct ask other = {.language = "script", .client = "other"};
	job = submit(*state, &other);
	assert_int_equal(follow(job).result.last.outcome, OUTCOME_EXITED);
	job_unref(job);
	for (int i = 0; i < 3 + QUEUE_CLIENT_MAX; i++)
		job_kill(jobs[i]);
	for (int i = 0; i < 3 + QUEUE_CLIENT_MAX; i++) {
		follow(jobs[i]);
		job_unref(jobs[i]);
	}
}

static void job_submit_bad_request_takes_no_place(void **state)
{
	const struct ask ask = {.language = "cobol"};
	struct job *job;
	unsigned retry_sec;
	struct error err;

	for (int i = 0; i < 2 * QUEUE_TOTAL_MAX; i++)
		assert_int_equal(ask_submit(*state, &ask, &job, &retry_sec, &err), -EINVAL);
	assert_non_null(strstr(err.text, "cobol"));
	const struct ask good = {.language = "script"};
	job = submit(*state, &good);
	follow(job);
	job_unref(job);
}

static void job_find_knows_it_now_and_after_a_restart(void **state)
{
	struct world *world = *state;
	const struct ask ask = {.language = "built", .words = {"out=70000", "err=5", "crash"}};
	struct job *job = submit(world, &ask);
	char id[JOB_ID_SIZE];

	memcpy(id, job_id(job), sizeof(id));
	follow(job);
	assert_ptr_equal(job_find(world->service, id), job);
	job_unref(job);
	job_unref(job);
	assert_null(job_find(world->service, "0123"));
	assert_null(job_find(world->service, "0123456789abcdef0123456789abcdef"));
	assert_null(job_find(world->service, "0123456789abcdef0123456789abcde'"));

	world_close(world, 1);
	service_free(world->service);
	world_open(world);
	job = job_find(world->service, id);
	assert_non_null(job);
	assert_string_equal(job_id(job), id);
	struct seen seen = follow(job);
	assert_int_equal(seen.result.last.outcome, OUTCOME_SIGNALED);
	assert_int_equal(seen.result.last.wall_usec, 7);
	assert_int_equal(seen.steps, 2);
	assert_int_equal(seen.bytes[STEP_RUN][0], STORE_OUTPUT_MAX);
	assert_int_equal(seen.bytes[STEP_RUN][1], 5);
	assert_true(seen.result.steps[STEP_RUN].truncated_stdout);
	job_unref(job);
}

static void service_stop_ends_every_open_job(void **state)
{
	struct world *world = *state;
	const struct ask ask = {.language = "script", .words = {"out=3", "hang"}};
	struct job *jobs[8], *job;
	unsigned retry_sec;
	struct error err;

	for (int i = 0; i < 8; i++)
		jobs[i] = submit(world, &ask);
	wait_state(jobs[0], JOB_RUNNING);
	world_close(world, 0);
	for (int i = 0; i < 8; i++) {
		struct seen seen = follow(jobs[i]);
		assert_int_equal(seen.result.last.outcome, OUTCOME_INTERNAL_ERROR);
		assert_non_null(strstr(seen.result.last.detail, "run it again"));
		job_unref(jobs[i]);
	}
	assert_int_equal(ask_submit(world, &ask, &job, &retry_sec, &err), -EBUSY);
	service_free(world->service);
	/* Nothing is left for the next one to recover. */
	struct store *store;
	int set_aside;
	unsigned recovered = 9;
	assert_int_equal(store_open(world->folder, &store, &set_aside, &recovered, NULL), 0);
	assert_int_equal(recovered, 0);
	store_close(store);
	world->service = NULL;
}

struct crowd {
	struct world *world;
	unsigned number, results;
};

static void *crowd_main(void *context)
{
	struct crowd *crowd = context;
	char client[32];

	snprintf(client, sizeof(client), "client-%u", crowd->number);
	for (unsigned i = 0; i < 60; i++) {
		const struct ask ask = {.language = i % 2 ? "built" : "script",
					.words = {"err=1000", "cat"},
					.stdin_text = "yyy",
					.client = client};
		struct job *job = submit(crowd->world, &ask);
		if (i % 7 == 0)
			job_kill(job);
		struct seen seen = follow(job);
		crowd->results += seen.result.last.outcome == OUTCOME_EXITED ||
				  seen.result.last.outcome == OUTCOME_KILLED;
		job_unref(job);
	}
	return NULL;
}

static void job_submit_from_many_threads_every_job_ends(void **state)
{
	struct crowd crowds[8];
	pthread_t threads[8];

	for (unsigned i = 0; i < 8; i++) {
		crowds[i] = (struct crowd){*state, i, 0};
		assert_int_equal(pthread_create(&threads[i], NULL, crowd_main, &crowds[i]), 0);
	}
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(crowds[i].results, 60);
	}
}

int main(void)
{
	sigset_t set;
	struct sigaction ignore = {.sa_handler = SIG_IGN};

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(job_submit_built_compiles_then_runs),
		TEST(job_submit_failed_compile_ends_the_job),
		TEST(job_submit_compile_without_artefact_is_refused),
		TEST(job_submit_large_output_arrives_whole),
		TEST(job_submit_output_beyond_the_limit_is_cut_and_told),
		TEST(job_submit_alternating_output_keeps_the_log_small),
		TEST(job_submit_stdin_text_is_fed_and_closed),
		TEST(job_stdin_interactive_goes_through),
		TEST(job_stdin_too_much_waiting_is_refused),
		TEST(job_kill_running_ends_it),
		TEST(job_kill_queued_ends_it_and_positions_move),
		TEST(job_submit_full_queue_is_refused_with_a_time),
		TEST(job_submit_bad_request_takes_no_place),
		TEST(job_find_knows_it_now_and_after_a_restart),
		TEST(service_stop_ends_every_open_job),
		TEST(job_submit_from_many_threads_every_job_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
