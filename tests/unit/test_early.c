/*
 * Compilers started ahead, as the supervisor sees them: the test is the other end of the channel,
 * and answers by hand. links: front
 */
#include "unit.h"
#include "unit_front.h"
#include "unit_manifest.h"

#include <errno.h>
#include <pthread.h>
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
	" 'options':{'channel':{'values':['one','two'],'default':'one'}},"
	" 'compile':{'argv':['/{channel}',{'later':'.args','as':'@.args','words':['{main_file}']}],"
	" 'artefact':'out'},'run':{'argv':['/run']}}]}";

struct world {
	char folder[64];
	struct service *service;
	int channel_fd, fd; /* the pump's end, ours */
	pthread_t pump;
	uint64_t early_id; /* of the step that was started ahead last */
	unsigned early_count;
	int kept_fds[64];
	unsigned kept_count;
};

static void *pump_main(void *context)
{
	struct world *world = context;
	struct error err;

	pump_run(world->service, world->channel_fd, &err);
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

static void world_open(struct world *world, unsigned early_slots)
{
	int pair[2];

	*world = (struct world){.folder = "/tmp/test_early.XXXXXX"};
	assert_non_null(mkdtemp(world->folder));
	world->service = unit_service(world->folder, world_manifest(),
				      (const unsigned[]){2, 4, early_slots});
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	world->channel_fd = pair[0];
	world->fd = pair[1];
	assert_int_equal(pthread_create(&world->pump, NULL, pump_main, world), 0);
}

static void world_close(struct world *world)
{
	static const char *const files[] = {"sandlot.db", "sandlot.db-wal"};
	char path[128];

	shutdown(world->fd, SHUT_RDWR);
	pthread_join(world->pump, NULL);
	service_stop(world->service);
	service_free(world->service);
	fd_close(world->channel_fd);
	fd_close(world->fd);
	for (unsigned i = 0; i < world->kept_count; i++)
		fd_close(world->kept_fds[i]);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", world->folder, files[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(world->folder), 0);
}

/*
 * The next message. Its fds are closed; but of a step that is started ahead, which is noted, the
 * cell's ends of the pipes are kept, as they are by a program that waits.
 */
static struct ipc_message receive(struct world *world)
{
	struct ipc_message message;
	int fds[IPC_FDS_MAX];

	assert_int_equal(channel_receive(world->fd, IPC_FRONT, IPC_SERVING, &message, fds, NULL),
			 1);
	if (message.type == IPC_STEP_START && message.step_start.early) {
		assert_int_equal(message.step_start.kind, STEP_COMPILE);
		world->early_id = message.step_start.step_id;
		world->early_count++;
		for (int i = 1; i < 4; i++)
			world->kept_fds[world->kept_count++] = TAKE_FD(fds[i]);
	}
	for (unsigned i = 0; i < IPC_FDS_MAX; i++)
		fd_close(fds[i]);
	return message;
}

/* The next one that is a job's: what is started ahead is passed over. */
static struct ipc_message receive_of_job(struct world *world, enum ipc_type type)
{
	struct ipc_message message;

	do
		message = receive(world);
	while (message.type == IPC_STEP_START && message.step_start.early);
	assert_int_equal(message.type, type);
	return message;
}

/* The id of the next step that is started ahead. */
static uint64_t receive_early(struct world *world)
{
	unsigned before = world->early_count;

	while (world->early_count == before)
		assert_int_equal(receive(world).type, IPC_STEP_START);
	return world->early_id;
}

static void done(struct world *world, uint64_t id, enum outcome outcome, uint32_t exit_code,
		 const char *error_step)
{
	_cleanup_fd_ int fd = memfd_new_sealed("artefact", "", 0);
	struct ipc_message message = {
		.type = IPC_STEP_DONE,
		.step_done = {.step_id = id, .outcome = outcome, .exit_code = exit_code},
	};

	snprintf(message.step_done.error_step, sizeof(message.step_done.error_step), "%s",
		 error_step);
	assert_int_equal(channel_send(world->fd, &message, &fd), 0);
}

static struct job *submit(struct world *world, const char *channel, uint64_t memory_bytes)
{
	const struct job_file file = {NULL, "code", 4};
	const struct job_option option = {"channel", channel};
	const struct job_request request = {
		.client = "client",
		.language = "built",
		.options = &option,
		.option_count = 1,
		.files = &file,
		.file_count = 1,
		.compile_limits = {.memory_bytes = memory_bytes},
	};
	struct error err;
	struct job *job;
	unsigned retry_sec;

	if (job_submit(world->service, &request, &job, &retry_sec, &err) < 0)
		fail_msg("%s", err.text);
	return job;
}

/* Follows a job to its end, gives its reference back. */
static struct step_result follow(struct job *job)
{
	struct job_event event = {.type = JOB_EVENT_STATE};
	size_t cursor = 0;

	while (event.type != JOB_EVENT_RESULT) {
		assert_int_equal(job_next_event(job, &cursor, WAIT_USEC, &event), 1);
		assert_int_not_equal(event.type, JOB_EVENT_OUTPUT);
	}
	job_unref(job);
	return event.result.last;
}

static void pump_feeds_a_job_to_what_was_started_ahead(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 4);
	uint64_t first = receive_early(&world);
	struct job *job = submit(&world, "one", 0);
	struct ipc_message feed = receive_of_job(&world, IPC_STEP_FEED);
	assert_true(feed.step_feed.step_id == first);
	done(&world, first, OUTCOME_EXITED, 3, "");
	assert_int_equal(follow(job).exit_code, 3);
	assert_true(receive_early(&world) != first);
	world_close(&world);
}

static void pump_starts_again_what_was_not_fed(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 4);
	uint64_t first = receive_early(&world);
	struct job *job = submit(&world, "one", 0);
	receive_of_job(&world, IPC_STEP_FEED);
	done(&world, first, OUTCOME_REFUSED, 0, "feed");
	struct ipc_message start = receive_of_job(&world, IPC_STEP_START);
	/* Once: whatever a step that was started cold says, is its word. */
	done(&world, start.step_start.step_id, OUTCOME_REFUSED, 0, "feed");
	assert_int_equal(follow(job).outcome, OUTCOME_REFUSED);
	world_close(&world);
}

static void pump_kill_of_a_fed_step_reaches_it_and_what_follows(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 4);
	uint64_t first = receive_early(&world);
	struct job *job = submit(&world, "one", 0);
	receive_of_job(&world, IPC_STEP_FEED);
	job_kill(job);
	assert_true(receive_of_job(&world, IPC_STEP_KILL).step_kill.step_id == first);
	done(&world, first, OUTCOME_REFUSED, 0, "feed");
	uint64_t second = receive_of_job(&world, IPC_STEP_START).step_start.step_id;
	assert_true(receive_of_job(&world, IPC_STEP_KILL).step_kill.step_id == second);
	done(&world, second, OUTCOME_KILLED, 0, "");
	assert_int_equal(follow(job).outcome, OUTCOME_KILLED);
	world_close(&world);
}

static void pump_with_other_limits_starts_cold(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 4);
	receive_early(&world);
	struct job *job = submit(&world, "one", 64 << 20);
	struct ipc_message start = receive_of_job(&world, IPC_STEP_START);
	done(&world, start.step_start.step_id, OUTCOME_EXITED, 4, "");
	assert_int_equal(follow(job).exit_code, 4);
	world_close(&world);
}

static void pump_passes_over_one_whose_program_has_ended(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 4);
	uint64_t first = receive_early(&world);
	while (world.kept_count > 0)
		fd_close(world.kept_fds[--world.kept_count]);
	struct job *job = submit(&world, "one", 0);
	assert_true(receive_of_job(&world, IPC_STEP_KILL).step_kill.step_id == first);
	struct ipc_message start = receive_of_job(&world, IPC_STEP_START);
	done(&world, start.step_start.step_id, OUTCOME_EXITED, 5, "");
	assert_int_equal(follow(job).exit_code, 5);
	world_close(&world);
}

static void pump_another_kind_takes_the_place_of_one_wanted_before(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 1);
	uint64_t one = receive_early(&world);
	struct job *job = submit(&world, "two", 0);
	struct ipc_message start = receive_of_job(&world, IPC_STEP_START);
	assert_true(receive_of_job(&world, IPC_STEP_KILL).step_kill.step_id == one);
	done(&world, one, OUTCOME_REFUSED, 0, "feed");
	uint64_t two = receive_early(&world);
	done(&world, start.step_start.step_id, OUTCOME_EXITED, 6, "");
	assert_int_equal(follow(job).exit_code, 6);
	assert_true(two != one);
	world_close(&world);
}

static void pump_without_slots_starts_nothing_ahead(void **state)
{
	struct world world;

	(void)state;
	world_open(&world, 0);
	struct job *job = submit(&world, "one", 0);
	struct ipc_message start = receive(&world);
	assert_int_equal(start.type, IPC_STEP_START);
	assert_int_equal(start.step_start.early, 0);
	done(&world, start.step_start.step_id, OUTCOME_EXITED, 7, "");
	assert_int_equal(follow(job).exit_code, 7);
	world_close(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pump_feeds_a_job_to_what_was_started_ahead),
		cmocka_unit_test(pump_starts_again_what_was_not_fed),
		cmocka_unit_test(pump_kill_of_a_fed_step_reaches_it_and_what_follows),
		cmocka_unit_test(pump_with_other_limits_starts_cold),
		cmocka_unit_test(pump_passes_over_one_whose_program_has_ended),
		cmocka_unit_test(pump_another_kind_takes_the_place_of_one_wanted_before),
		cmocka_unit_test(pump_without_slots_starts_nothing_ahead),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
