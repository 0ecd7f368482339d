/*
 * Cells whose program is started early, in one process: one that is fed, one whose program has
 * ended by then, one that nobody feeds, one whose program does not read. Afterwards the process
 * holds what it held before. early_test CELL_EXE TREE; in the cell: early_test read|end|wait.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include "holdings.h"

enum { WORDS = 40000, WORD_BYTES = 8 }; /* more than a pipe takes at once */

/* ---- in the cell ---- */

static int inside_read(void)
{
	char *words = calloc(WORDS + 1, WORD_BYTES), expected[WORD_BYTES + 1];
	int fd = open(".args", O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, words + used, (size_t)WORDS * WORD_BYTES + 1 - used)) > 0)
		used += (size_t)n;
	if (used != (size_t)WORDS * WORD_BYTES)
		return 10;
	for (int i = 0; i < WORDS; i++) {
		snprintf(expected, sizeof(expected), "w%06d\n", i);
		if (memcmp(words + (size_t)i * WORD_BYTES, expected, WORD_BYTES) != 0)
			return 11;
	}
	if (access(".args", F_OK) == 0 || access("src/file", R_OK) < 0)
		return 12;
	return 0;
}

static int inside(const char *what)
{
	if (strcmp(what, "read") == 0)
		return inside_read();
	while (strcmp(what, "wait") == 0)
		pause();
	return 3;
}

/* ---- outside ---- */

struct world {
	struct cell_host host;
	int null_fd, later_fd;
};

static int early_bundle(const char *what)
{
	struct bundle_writer writer = {0};
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fstat(fd, &st) < 0)
		abort();
	void *self = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	bundle_add(&writer, BUNDLE_PROGRAM, "program", self, (size_t)st.st_size);
	bundle_add_text(&writer, BUNDLE_ARG, "./program");
	bundle_add_text(&writer, BUNDLE_ARG, what);
	bundle_add(&writer, BUNDLE_FIFO, ".args", NULL, 0);
	munmap(self, (size_t)st.st_size);
	close(fd);
	return bundle_finish(&writer);
}

static int later_bundle(void)
{
	struct bundle_writer writer = {0};
	char *words = calloc(WORDS + 1, WORD_BYTES);

	for (int i = 0; i < WORDS; i++)
		snprintf(words + (size_t)i * WORD_BYTES, WORD_BYTES + 1, "w%06d\n", i);
	bundle_add(&writer, BUNDLE_FILE, "src/file", "x", 1);
	bundle_add(&writer, BUNDLE_LATER, ".args", words, (size_t)WORDS * WORD_BYTES);
	free(words);
	return bundle_finish(&writer);
}

enum after { FEED, FEED_WHEN_ENDED, FEED_AND_KILL, KILL };

/* Starts the program early, does what comes after, and returns how it ended. */
static struct cell_result run(struct world *world, const char *what, enum after after)
{
	int fd = early_bundle(what), out[2];
	struct cell_launch launch = {
		.profile = CELL_COMPILE,
		.limits = limits_default_compile(),
		.early = 1,
		.bundle_fd = fd,
		.stdin_fd = world->null_fd,
		.artefact_in_fd = -EBADF,
		.carry_fd = -EBADF,
		.fail_at_step = -1,
	};
	struct cell_result result = {.outcome = OUTCOME_COUNT, .artefact_fd = -EBADF};
	struct cell cell = CELL_NONE;
	struct error err = {0};

	if (pipe2(out, O_CLOEXEC) < 0)
		abort();
	launch.stdout_fd = launch.stderr_fd = out[1];
	int r = cell_launch(&world->host, &launch, &cell, &err);
	close(out[1]);
	/* The pipe ends with the program. */
	if (r == 0 && after == FEED_WHEN_ENDED)
		poll(&(struct pollfd){.fd = out[0], .events = POLLIN}, 1, -1);
	if (r == 0 && after != KILL)
		r = cell_feed(&cell, &launch.limits, world->later_fd, -EBADF, &err);
	if (r == 0 && after >= FEED_AND_KILL)
		cell_kill(&cell, OUTCOME_KILLED);
	if (r == 0) {
		poll(&(struct pollfd){.fd = cell.pidfd, .events = POLLIN}, 1, -1);
		cell_collect(&world->host, &cell, &result);
	} else {
		error_print("test", &err);
	}
	close(result.artefact_fd);
	close(out[0]);
	close(fd);
	return result;
}

static int check(struct world *world, const char *what, enum after after, enum outcome outcome)
{
	const char *step = outcome == OUTCOME_REFUSED ? "feed" : "";
	struct holdings before = holdings_count(&world->host);
	struct cell_result result = run(world, what, after);
	struct holdings now = holdings_count(&world->host);

	int wrong = result.outcome != outcome || strcmp(result.error.step, step) != 0 ||
		    result.exit_code != 0;
	if (wrong)
		printf("%s, %d: %s, exit %d, %s: %s\n", what, (int)after,
		       outcome_name(result.outcome), result.exit_code, result.error.step,
		       result.error.text);
	return wrong | holdings_differ(what, &before, &now);
}

int main(int argc, char **argv)
{
	struct world world = {.null_fd = open("/dev/null", O_RDWR | O_CLOEXEC)};
	int bundle_fd, failed = 0;

	if (argc == 2)
		return inside(argv[1]);
	if (argc != 3 || holdings_enter(&world.host, argv[1], argv[2], &bundle_fd) < 0)
		return 2;
	world.later_fd = later_bundle();
	for (int round = 0; round < 10; round++) {
		failed |= check(&world, "read", FEED, OUTCOME_EXITED);
		failed |= check(&world, "end", FEED_WHEN_ENDED, OUTCOME_REFUSED);
		failed |= check(&world, "read", KILL, OUTCOME_KILLED);
		failed |= check(&world, "wait", FEED_AND_KILL, OUTCOME_KILLED);
	}
	failed |= holdings_cgroups_left(&world.host, bundle_fd, world.null_fd);
	cell_host_fini(&world.host);
	return failed;
}
