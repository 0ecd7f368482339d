/*
 * One image after another, as the front end takes them: the test is the supervisor, at the other
 * end of the channel, and says when each step ends. What a job was planned with is told by the
 * program its bundle names.
 */
#include "unit.h"
#include "unit_front.h"
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
#include "front/service_internal.h"
#include "ipc/channel.h"

/* %c: the image's letter. */
static const char manifest_format[] =
	"{'schema':1,'name':'test','id':"
	"'%c123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef','languages':["
	"{'id':'built','name':'B','version':'1','main_file':'main','editor':'','sample':'',"
	" 'compile':{'argv':['/compile-%c'],'artefact':'out'},'run':{'argv':['/run-%c']}},"
	"{'id':'script','name':'S','version':'1','main_file':'main','editor':'','sample':'',"
	" 'run':{'argv':['/run-%c'],'files':true}}]}";

static const char not_a_manifest[] = "{\"schema\": 1, \"name\": 7}";

struct world {
	char folder[64];
	struct service *service;
	pthread_t pump;
	int front_fd, our_fd;
};

static void *pump_main(void *context)
{
	struct world *world = context;
	struct error err = {0};

	assert_int_equal(pump_run(world->service, world->front_fd, &err), 0);
	return NULL;
}

/* A manifest's file. The caller's. */
static int manifest_fd(char letter)
{
	char text[sizeof(manifest_format) + 16];

	snprintf(text, sizeof(text), manifest_format, letter, letter, letter, letter);
	return unit_manifest_fd(text);
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	_cleanup_fd_ int fd = manifest_fd('a');
	struct manifest *manifest;
	int pair[2];

	snprintf(world->folder, sizeof(world->folder), "/tmp/test_service_image.XXXXXX");
	if (!mkdtemp(world->folder))
		return -1;
	assert_int_equal(manifest_read(fd, 1, &manifest, NULL), 0);
	world->service = unit_service(world->folder, manifest, (const unsigned[]){1, 1, 0});
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	world->front_fd = pair[0];
	world->our_fd = pair[1];
	assert_int_equal(pthread_create(&world->pump, NULL, pump_main, world), 0);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	static const char *const files[] = {"sandlot.db", "sandlot.db-wal"};
	struct world *world = *state;
	struct ipc_message stop = {.type = IPC_STOP};
	char path[128];

	assert_int_equal(channel_send(world->our_fd, &stop, NULL), 0);
	pthread_join(world->pump, NULL);
	service_stop(world->service);
	service_free(world->service);
	fd_close(world->front_fd);
	fd_close(world->our_fd);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", world->folder, files[i]);
		unlink(path);
	}
	int r = rmdir(world->folder);
	free(world);
	return r;
}

/* ---- the supervisor's part ---- */

/* The next message, which must be of this type. fds other than the bundle are closed. */
static struct ipc_message expect(struct world *world, enum ipc_type type, int *ret_bundle_fd)
{
	struct ipc_message message;
	struct error err = {0};
	int fds[IPC_FDS_MAX];

	int r = channel_receive(world->our_fd, IPC_FRONT, IPC_SERVING, &message, fds, &err);
	if (r != 1)
		fail_msg("no message but %d: %s", r, err.text);
	for (unsigned i = ret_bundle_fd ? 1 : 0; i < IPC_FDS_MAX; i++)
		fd_close(fds[i]);
	if (ret_bundle_fd)
		*ret_bundle_fd = fds[0];
	assert_string_equal(ipc_type_name(message.type), ipc_type_name(type));
	return message;
}

static void expect_silence(struct world *world)
{
	char byte;

	assert_int_equal(recv(world->our_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT), -1);
	assert_int_equal(errno, EAGAIN);
}

static void expect_unused(struct world *world, uint64_t generation)
{
	struct ipc_message message = expect(world, IPC_IMAGE_UNUSED, NULL);

	assert_int_equal(message.image_unused.generation, generation);
}

/* A step on this image whose program is this one. Returns its id. */
static uint64_t expect_step(struct world *world, uint64_t generation, const char *program)
{
	struct bundle_record record = {0};
	size_t offset = 0;
	struct stat st;
	int fd;

	struct ipc_message message = expect(world, IPC_STEP_START, &fd);
	assert_int_equal(message.step_start.generation, generation);
	assert_int_equal(fstat(fd, &st), 0);
	void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	assert_true(data != MAP_FAILED);
	while (record.type != BUNDLE_ARG)
		assert_int_equal(bundle_next(data, (size_t)st.st_size, &offset, &record, NULL), 1);
	assert_int_equal(record.body_len, strlen(program));
	assert_memory_equal(record.body, program, record.body_len);
	munmap(data, (size_t)st.st_size);
	fd_close(fd);
	return message.step_start.step_id;
}

static void end_step(struct world *world, uint64_t id, const char *artefact)
{
	_cleanup_fd_ int fd = memfd_new_sealed("artefact", artefact, strlen(artefact));
	struct ipc_message message = {
		.type = IPC_STEP_DONE,
		.step_done = {.step_id = id,
			      .outcome = OUTCOME_EXITED,
			      .artefact_bytes = strlen(artefact)},
	};

	assert_int_equal(channel_send(world->our_fd, &message, &fd), 0);
}

static void offer_file(struct world *world, uint64_t generation, int take_fd)
{
	_cleanup_fd_ int fd = take_fd;
	struct ipc_message message = {.type = IPC_IMAGE, .image.generation = generation};

	assert_int_equal(channel_send(world->our_fd, &message, &fd), 0);
}

static void change_to(struct world *world, uint64_t generation, char letter)
{
	offer_file(world, generation, manifest_fd(letter));
	struct ipc_message message = expect(world, IPC_IMAGE_READY, NULL);
	assert_int_equal(message.image_ready.generation, generation);
}

/* ---- the visitor's part ---- */

static struct job *submit(struct world *world, const char *language)
{
	static const struct job_file file = {NULL, "code", 4};
	struct job_request request = {
		.client = "client", .language = language, .files = &file, .file_count = 1};
	struct error err = {0};
	struct job *job;
	unsigned retry_sec;

	if (job_submit(world->service, &request, &job, &retry_sec, &err) < 0)
		fail_msg("%s", err.text);
	return job;
}

static void follow(struct job *take_job)
{
	struct job_event event;
	size_t cursor = 0;

	do {
		assert_int_equal(job_next_event(take_job, &cursor, 20 * USEC_PER_SEC, &event), 1);
		if (event.type == JOB_EVENT_OUTPUT)
			free(event.data);
	} while (event.type != JOB_EVENT_RESULT);
	assert_int_equal(event.result.last.outcome, OUTCOME_EXITED);
	job_unref(take_job);
}

/* ---- tests ---- */

static void pump_image_new_jobs_run_on_it_running_ones_on_theirs(void **state)
{
	struct world *world = *state;
	struct job *old = submit(world, "built");
	uint64_t old_step = expect_step(world, 1, "/compile-a");

	change_to(world, 2, 'b');
	struct job *new = submit(world, "script");
	uint64_t new_step = expect_step(world, 2, "/run-b");
	expect_silence(world);
	end_step(world, new_step, "");
	follow(new);
	/* The job that was compiled on the old image runs on it too. */
	end_step(world, old_step, "program");
	old_step = expect_step(world, 1, "/run-a");
	end_step(world, old_step, "");
	follow(old);
	expect_unused(world, 1);
}

static void pump_image_queued_jobs_keep_theirs(void **state)
{
	struct world *world = *state;
	struct job *running = submit(world, "script");
	uint64_t step = expect_step(world, 1, "/run-a");
	struct job *queued = submit(world, "script");

	change_to(world, 2, 'b');
	struct job *new = submit(world, "script");
	end_step(world, step, "");
	follow(running);
	step = expect_step(world, 1, "/run-a");
	end_step(world, step, "");
	follow(queued);
	/* The last of the old and the first of the new come in either order. */
	struct ipc_message message;
	int unused = 0, fds[IPC_FDS_MAX];
	for (int i = 0; i < 2; i++) {
		assert_int_equal(
			channel_receive(world->our_fd, IPC_FRONT, IPC_SERVING, &message, fds, NULL),
			1);
		for (unsigned j = 0; j < IPC_FDS_MAX; j++)
			fd_close(fds[j]);
		unused += message.type == IPC_IMAGE_UNUSED;
		if (message.type == IPC_STEP_START) {
			assert_int_equal(message.step_start.generation, 2);
			step = message.step_start.step_id;
		}
	}
	assert_int_equal(unused, 1);
	end_step(world, step, "");
	follow(new);
}

static void pump_image_bad_manifest_is_refused_and_the_old_one_stays(void **state)
{
	struct world *world = *state;

	offer_file(world, 2,
		   memfd_new_sealed("manifest", not_a_manifest, sizeof(not_a_manifest) - 1));
	struct ipc_message message = expect(world, IPC_IMAGE_REFUSED, NULL);
	assert_int_equal(message.image_refused.generation, 2);
	assert_non_null(strstr(message.image_refused.text, "name"));
	struct job *job = submit(world, "script");
	end_step(world, expect_step(world, 1, "/run-a"), "");
	follow(job);
	/* And the next one is taken. */
	change_to(world, 3, 'c');
	expect_unused(world, 1);
	job = submit(world, "script");
	end_step(world, expect_step(world, 3, "/run-c"), "");
	follow(job);
}

static void service_manifest_held_by_a_reader_is_not_unused(void **state)
{
	struct world *world = *state;
	struct manifest *held = service_manifest(world->service);

	assert_int_equal(manifest_image_id(held)[0], 'a');
	change_to(world, 2, 'b');
	change_to(world, 3, 'c');
	expect_unused(world, 2);
	assert_int_equal(manifest_image_id(held)[0], 'a');
	struct manifest *now = service_manifest(world->service);
	assert_int_equal(manifest_image_id(now)[0], 'c');
	manifest_unref(now);
	manifest_unref(held);
	expect_unused(world, 1);
}

static void service_use_manifest_too_many_in_use_is_refused(void **state)
{
	struct world *world = *state;
	struct manifest *held[SERVICE_RETIRED_MAX];

	for (unsigned i = 0; i < SERVICE_RETIRED_MAX; i++) {
		held[i] = service_manifest(world->service);
		change_to(world, i + 2, 'b');
	}
	offer_file(world, 1000, manifest_fd('c'));
	struct ipc_message message = expect(world, IPC_IMAGE_REFUSED, NULL);
	assert_non_null(strstr(message.image_refused.text, "earlier images"));
	for (unsigned i = 0; i < SERVICE_RETIRED_MAX; i++)
		manifest_unref(held[i]);
	for (unsigned i = 0; i < SERVICE_RETIRED_MAX; i++)
		expect(world, IPC_IMAGE_UNUSED, NULL);
	change_to(world, 1001, 'c');
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
		TEST(pump_image_new_jobs_run_on_it_running_ones_on_theirs),
		TEST(pump_image_queued_jobs_keep_theirs),
		TEST(pump_image_bad_manifest_is_refused_and_the_old_one_stays),
		TEST(service_manifest_held_by_a_reader_is_not_unused),
		TEST(service_use_manifest_too_many_in_use_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
