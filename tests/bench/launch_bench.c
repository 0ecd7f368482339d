#include "tests/bench/launch_bench.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/clock.h"
#include "base/fd.h"

enum { SLOTS = 8, WARM_UP = 20, GAP_MSEC = 50 };

static const char usage[] =
	"usage: launch_bench CELL_EXE IMAGE show WHAT PROGRAM…     WHAT: cell floor floor+init\n"
	"       launch_bench CELL_EXE IMAGE launch ROUNDS PROGRAM…  each in turn\n"
	"       launch_bench CELL_EXE IMAGE gap ROUNDS PROGRAM…     after a pause, and back to "
	"back\n"
	"       launch_bench CELL_EXE IMAGE rate SECONDS PROGRAM…   cells one after the other\n"
	"       launch_bench CELL_EXE IMAGE ready SECONDS PROGRAM…  with the next one made ready\n"
	"       launch_bench CELL_EXE IMAGE soak CELLS PROGRAM…     what is left after many\n"
	"       launch_bench FD - spawn SECONDS PROGRAM…            processes; rewinds FD for "
	"each\n";

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- the contenders ---- */

static struct cell_launch launch_of(const struct bench *bench)
{
	return (struct cell_launch){
		.profile = CELL_RUN,
		.limits = bench->floor.limits,
		.bundle_fd = bench->bundle_fd,
		.stdin_fd = bench->null_fd,
		.stdout_fd = bench->stdout_fd,
		.stderr_fd = bench->stdout_fd,
		.artefact_in_fd = -EBADF,
		.carry_fd = -EBADF,
		.fail_at_step = -1,
	};
}

static void must(int r, const struct error *err)
{
	if (r == 0)
		return;
	error_print("launch_bench", err);
	exit(1);
}

/* Waits for a running cell, which must end well. */
static void finish(struct bench *bench, struct cell *cell)
{
	struct cell_result result = {.outcome = OUTCOME_INTERNAL_ERROR};

	while (poll(&(struct pollfd){.fd = cell->pidfd, .events = POLLIN}, 1, -1) < 0)
		;
	cell_collect(&bench->host, cell, &result);
	fd_close(result.artefact_fd);
	if (result.outcome != OUTCOME_EXITED || result.exit_code != 0) {
		fprintf(stderr, "launch_bench: a cell ended as %s (%d) %s\n",
			outcome_name(result.outcome), result.exit_code, result.error.text);
		exit(1);
	}
}

void bench_cell(struct bench *bench)
{
	const struct cell_launch launch = launch_of(bench);
	struct cell cell = CELL_NONE;
	struct error err = {0};

	must(cell_launch(&bench->host, &launch, &cell, &err), &err);
	finish(bench, &cell);
}

static void run_floor(struct bench *bench, enum floor_kind kind)
{
	const int stdio[3] = {bench->null_fd, bench->stdout_fd, bench->stdout_fd};
	int status = floor_run(&bench->floor, kind, bench->argv, stdio);

	if (status != 0) {
		fprintf(stderr, "launch_bench: the floor ended with wait status 0x%x\n",
			(unsigned)status);
		exit(1);
	}
}

static void run_floor_bare(struct bench *bench)
{
	run_floor(bench, FLOOR_BARE);
}

static void run_floor_init(struct bench *bench)
{
	run_floor(bench, FLOOR_WITH_INIT);
}

static const struct contender {
	const char *name;
	void (*run)(struct bench *bench);
} contenders[] = {{"cell", bench_cell}, {"floor", run_floor_bare}, {"floor+init", run_floor_init}};

enum { CONTENDERS = sizeof(contenders) / sizeof(contenders[0]), COMPARED = 2 };

static uint64_t now_nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void sample(struct bench *bench, const struct contender *contender, const char *when)
{
	uint64_t started = now_nsec();

	contender->run(bench);
	uint64_t taken = now_nsec() - started;
	if (when)
		printf("%s%s %llu\n", contender->name, when, (unsigned long long)taken);
}

/* ---- the measurements ---- */

static void measure_launch(struct bench *bench, unsigned rounds)
{
	for (unsigned round = 0; round < rounds + WARM_UP; round++)
		for (unsigned i = 0; i < CONTENDERS; i++)
			sample(bench, &contenders[(i + round) % CONTENDERS],
			       round < WARM_UP ? NULL : "");
}

/* The first after the pause came alone; those that follow at once are what is compared with it. */
static void measure_gap(struct bench *bench, unsigned rounds)
{
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned i = 0; i < COMPARED; i++) {
			poll(NULL, 0, GAP_MSEC);
			sample(bench, &contenders[i], ",apart");
			sample(bench, &contenders[i], ",close");
			sample(bench, &contenders[i], ",close");
		}
}

static void measure_rate(struct bench *bench, unsigned seconds)
{
	uint64_t started = now_nsec(), taken;
	unsigned long count = 0;

	do {
		bench_cell(bench);
		count++;
		taken = now_nsec() - started;
	} while (taken < seconds * UINT64_C(1000000000));
	printf("%lu %llu\n", count, (unsigned long long)taken);
}

/* As the server works: while a cell runs, the next one is made ready. */
static void measure_ready(struct bench *bench, unsigned seconds)
{
	const struct cell_launch launch = launch_of(bench);
	uint64_t started = now_nsec(), taken;
	struct cell running, next;
	struct error err = {0};
	unsigned long count = 0;

	must(cell_prepare(&bench->host, &launch, &next, &err), &err);
	do {
		running = next;
		must(cell_begin(&bench->host, &running, &launch, &err), &err);
		must(cell_prepare(&bench->host, &launch, &next, &err), &err);
		finish(bench, &running);
		count++;
		taken = now_nsec() - started;
	} while (taken < seconds * UINT64_C(1000000000));
	cell_discard(&bench->host, &next);
	printf("%lu %llu\n", count, (unsigned long long)taken);
}

static void measure_show(struct bench *bench, const char *name)
{
	bench->stdout_fd = STDOUT_FILENO;
	for (unsigned i = 0; i < CONTENDERS; i++)
		if (strcmp(contenders[i].name, name) == 0)
			contenders[i].run(bench);
}

/* Other launchers, as programs of their own. */
static int measure_spawn(int rewind_fd, unsigned seconds, char *const argv[])
{
	uint64_t started = now_nsec(), taken;
	unsigned long count = 0;
	char *const envp[] = {NULL};

	do {
		pid_t pid;
		int status;
		lseek(rewind_fd, 0, SEEK_SET);
		if (posix_spawn(&pid, argv[0], NULL, NULL, argv, envp) != 0)
			die(argv[0]);
		if (waitpid(pid, &status, 0) != pid || status != 0) {
			fprintf(stderr, "launch_bench: %s failed\n", argv[0]);
			return 1;
		}
		count++;
		taken = now_nsec() - started;
	} while (taken < seconds * UINT64_C(1000000000));
	printf("%lu %llu\n", count, (unsigned long long)taken);
	return 0;
}

/* ---- the process ---- */

static void bench_init(struct bench *bench, const char *cell_exe, const char *image,
		       char *const argv[])
{
	const struct limits limits = limits_default_run();
	struct bundle_writer writer = {0};
	struct error err = {0};
	char name[32];

	snprintf(name, sizeof(name), "sandlot-%d", (int)getpid());
	*bench = (struct bench){.argv = argv};
	if (cell_user_enter(SLOTS, &bench->user, &err) < 0) {
		error_print("launch_bench", &err);
		exit(1);
	}
	if (bench->user.ids != CELL_IDS_ROOT) {
		fputs("launch_bench: measures as root\n", stderr);
		exit(1);
	}
	const struct cell_host_config config = {
		.image_dir = image,
		.cell_exe = cell_exe,
		.cgroup_name = name,
		.user = &bench->user,
	};
	for (char *const *arg = argv; *arg; arg++)
		bundle_add_text(&writer, BUNDLE_ARG, *arg);
	bench->bundle_fd = bundle_finish(&writer);
	bench->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	bench->stdout_fd = bench->null_fd;
	if (bench->bundle_fd < 0 || bench->null_fd < 0)
		die("launch_bench");
	if (cell_host_enter(&bench->host, &config, &err) < 0) {
		error_print("launch_bench", &err);
		exit(1);
	}
	floor_init(&bench->floor, &bench->host, &limits);
}

int main(int argc, char **argv)
{
	struct bench bench;

	if (argc < 6) {
		fputs(usage, stderr);
		return 2;
	}
	const char *mode = argv[3];
	unsigned number = (unsigned)strtoul(argv[4], NULL, 10);
	if (strcmp(mode, "spawn") == 0)
		return measure_spawn((int)strtol(argv[1], NULL, 10), number, argv + 5);
	setvbuf(stdout, NULL, _IOFBF, 1 << 20);
	bench_init(&bench, argv[1], argv[2], argv + 5);
	if (strcmp(mode, "show") == 0)
		measure_show(&bench, argv[4]);
	else if (strcmp(mode, "launch") == 0)
		measure_launch(&bench, number);
	else if (strcmp(mode, "gap") == 0)
		measure_gap(&bench, number);
	else if (strcmp(mode, "rate") == 0)
		measure_rate(&bench, number);
	else if (strcmp(mode, "ready") == 0)
		measure_ready(&bench, number);
	else if (strcmp(mode, "soak") == 0)
		bench_soak(&bench, number);
	fflush(stdout);
	for (int i = 0; i < 100 && floor_fini(&bench.floor) > 0; i++)
		poll(NULL, 0, 10);
	cell_host_fini(&bench.host);
	cell_user_close(&bench.user);
	return 0;
}
