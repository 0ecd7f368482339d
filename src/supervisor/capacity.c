#include "supervisor/capacity.h"

#include <stddef.h>
#include <sys/resource.h>

#include "ipc/protocol.h"

/*
 * The front end has 512 connections, each with up to three threads, and some of its own; a dozen
 * cells wait for a job, each with its pid 1. A step is its limit of processes and pid 1. A front
 * end that dies leaves cells that are dying while the next one starts others: they hold their ids,
 * while their processes are next to gone.
 */
enum { SERVER_PROCESSES = 64, PROCESSES_PER_CONNECTION = 3, IDS_PER_STEP = 2 };

/*
 * A compiler that was started early is a process besides its pid 1, until it has a compile slot.
 * Two for each of these: one in use, one to follow.
 */
enum { PROCESSES_PER_EARLY = 2, EARLY_PER_COMPILE = 2 };

/*
 * Descriptors on their way through sockets are counted for each user, too; whoever has more of them
 * there than his limit of open files cannot send any (unix(7), ETOOMANYREFS). A program gets as far
 * as its own limit, and a message further: with a quarter of the server's, the server can go on.
 */
enum { OPEN_FILES_SHARE = 4 };

static void raise_one(int resource)
{
	struct rlimit limit;

	if (getrlimit((unsigned)resource, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit((unsigned)resource, &limit);
	}
}

void capacity_raise(void)
{
	/* Pipes, pidfds and memfds of many cells. */
	raise_one(RLIMIT_NOFILE);
	/* It becomes the bound of the user namespace and all cells in it: user_namespaces(7). */
	raise_one(RLIMIT_NPROC);
}

static uint64_t limit_of(int resource)
{
	struct rlimit limit;

	if (getrlimit((unsigned)resource, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
		return UINT64_MAX;
	return limit.rlim_cur;
}

struct capacity capacity_read(const struct cell_user *user)
{
	int is_root = user->ids == CELL_IDS_ROOT;

	return (struct capacity){
		.processes = is_root ? UINT64_MAX : limit_of(RLIMIT_NPROC),
		.open_files = limit_of(RLIMIT_NOFILE),
		.cells = user->uids.slots,
		.shared_user = user->ids == CELL_IDS_SINGLE,
	};
}

/* Lowers *slots, though not below 1, until so many of them, each for `each`, fit into room. */
static void lower_slots(unsigned *slots, uint64_t each, uint64_t room)
{
	uint64_t fitting = room / each;

	if (fitting < *slots)
		*slots = fitting ? (unsigned)fitting : 1;
}

/* Runs give way first: there are many, and a program that waits for one has not even begun. */
static int fit_slots(struct options *options, uint64_t compile, uint64_t run, uint64_t room)
{
	unsigned compiles = options->compile_slots, runs = options->run_slots;
	uint64_t for_runs = room > compiles * compile ? room - compiles * compile : 0;

	lower_slots(&options->run_slots, run, for_runs);
	lower_slots(&options->compile_slots, compile,
		    room > options->run_slots * run ? room - options->run_slots * run : 0);
	return options->compile_slots != compiles || options->run_slots != runs;
}

static uint64_t server_processes(const struct options *options)
{
	return SERVER_PROCESSES + PROCESSES_PER_CONNECTION * options->http.connections;
}

static int fit_processes(const struct capacity *capacity, struct options *options)
{
	uint64_t room = capacity->processes > server_processes(options)
				? capacity->processes - server_processes(options)
				: 0;

	return fit_slots(options, options->compile_limits.processes + 1,
			 options->run_limits.processes + 1, room);
}

static int fit_open_files(const struct capacity *capacity, struct options *options)
{
	struct limits *const limits[] = {&options->compile_limits, &options->run_limits};
	uint64_t most = capacity->open_files / OPEN_FILES_SHARE;
	int lowered = 0;

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i]->open_files > most) {
			limits[i]->open_files = most;
			lowered = 1;
		}
	return lowered;
}

static uint64_t room_for(uint64_t there, uint64_t taken, uint64_t each)
{
	return there > taken ? (there - taken) / each : 0;
}

/* What is left when all slots are taken; none when even these had to be fewer. */
static unsigned fit_early(const struct capacity *capacity, const struct options *options)
{
	uint64_t compiles = options->compile_slots, runs = options->run_slots;
	uint64_t processes = server_processes(options) +
			     compiles * (options->compile_limits.processes + 1) +
			     runs * (options->run_limits.processes + 1);
	const uint64_t most[] = {
		compiles * EARLY_PER_COMPILE,
		room_for(capacity->cells, (compiles + runs) * IDS_PER_STEP, IDS_PER_STEP),
		room_for(capacity->processes, processes, PROCESSES_PER_EARLY),
	};
	uint64_t early = EARLY_SLOTS_MAX;

	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++)
		if (most[i] < early)
			early = most[i];
	return (unsigned)early;
}

unsigned capacity_fit(const struct capacity *capacity, struct options *options)
{
	unsigned lack = 0;

	if (fit_slots(options, IDS_PER_STEP, IDS_PER_STEP, capacity->cells))
		lack |= LACK_IDS;
	if (fit_processes(capacity, options))
		lack |= LACK_PROCESSES;
	if (capacity->shared_user && fit_open_files(capacity, options))
		lack |= LACK_OPEN_FILES;
	options->early_slots = fit_early(capacity, options);
	return lack;
}
