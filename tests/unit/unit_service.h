/*
 * The front end without HTTP and without cells, for tests: jobs go in through job.h, and
 * unit_steps.h plays the supervisor.
 */
#ifndef UNIT_SERVICE_H
#define UNIT_SERVICE_H

#include "unit.h"
#include "unit_front.h"
#include "unit_manifest.h"
#include "unit_steps.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "front/pump.h"
#include "front/service.h"
#include "ipc/channel.h"

enum { WAIT_USEC = 20000000 };

static const char manifest_text[] =
	"{'schema':1,'name':'test','id':"
	"'0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef','languages':["
	"{'id':'built','name':'B','version':'1','main_file':'main','editor':'','sample':'',"
	" 'options':{'compile':{'values':['good','fails','empty'],'default':'good'}},"
	" 'compile':{'argv':['/{compile}'],'artefact':'out'},'run':{'argv':['/run','{args}']}},"
	"{'id':'script','name':'S','version':'1','main_file':'main','editor':'','sample':'',"
	" 'run':{'argv':['/run','{args}'],'files':true}}]}";

struct world {
	char folder[64];
	struct service *service;
	struct fake fake;
	int channel_fd;
	pthread_t pump;
	int pump_result;
};

static inline void *pump_main(void *context)
{
	struct world *world = context;
	struct error err;
	world->pump_result = pump_run(world->service, world->channel_fd, &err);
	return NULL;
}

static inline struct manifest *world_manifest(void)
{
	struct manifest *manifest;
	struct error err;

	if (unit_manifest_read(manifest_text, &manifest, &err) < 0)
		fail_msg("%s", err.text);
	return manifest;
}

static inline void world_open(struct world *world)
{
	int pair[2];

	world->service = unit_service(world->folder, world_manifest(), (const unsigned[]){2, 4, 0});
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	world->channel_fd = pair[0];
	world->fake = (struct fake){.fd = pair[1]};
	assert_int_equal(pthread_create(&world->fake.thread, NULL, fake_main, &world->fake), 0);
	assert_int_equal(pthread_create(&world->pump, NULL, pump_main, world), 0);
}

/* stop: STOP is sent; else the supervisor is gone. */
static inline void world_close(struct world *world, int stop)
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

static inline int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	snprintf(world->folder, sizeof(world->folder), "/tmp/test_service.XXXXXX");
	if (!mkdtemp(world->folder))
		return -1;
	world_open(world);
	*state = world;
	return 0;
}

static inline int teardown(void **state)
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
	uint64_t output_bytes; /* 0: the default */
};

static inline int ask_submit(struct world *world, const struct ask *ask, struct job **ret_job,
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
		.run_limits = {.output_bytes = ask->output_bytes},
	};
	return job_submit(world->service, &request, ret_job, ret_retry_sec, err);
}

static inline struct job *submit(struct world *world, const struct ask *ask)
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

static inline void follow_event(struct seen *seen, struct job_event *event)
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

static inline struct seen follow(struct job *job)
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

static inline void wait_state(struct job *job, enum job_state state)
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

/* What main() of such a test begins with: the pump takes SIGTERM by itself, and pipes break. */
static inline void unit_service_signals(void)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

#define UNIT_SERVICE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
