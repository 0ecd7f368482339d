/*
 * What a server that root did not start may have at the same time, and how many steps that is
 * enough for. Runs in the supervisor, at the start. The kernel counts processes, and more, for each
 * user, and all cells count against the user who started the server: were he let run more than he
 * may have, a program could use all of it up and leave the server none.
 */
#ifndef SUPERVISOR_CAPACITY_H
#define SUPERVISOR_CAPACITY_H

#include <stdint.h>

#include "sandbox/sandbox.h"
#include "supervisor/options.h"

struct capacity {
	uint64_t processes;  /* RLIMIT_NPROC, threads included; UINT64_MAX: no limit */
	uint64_t open_files; /* RLIMIT_NOFILE; UINT64_MAX: no limit */
	unsigned cells;	     /* for how many there are ids, dying ones included */
	int shared_user;     /* 1: the cells are the same user on the host as the server */
};

/* Raises what this process may have to what it may raise it to. Before cell_user_enter(). */
void capacity_raise(void);

struct capacity capacity_read(const struct cell_user *user);

/* What was not enough: for slots as asked for, and for the limit of open files. */
enum capacity_lack { LACK_IDS = 1 << 0, LACK_PROCESSES = 1 << 1, LACK_OPEN_FILES = 1 << 2 };

/*
 * Lowers the slots of options, though not below one of each kind, and with a shared user the limits
 * of open files, to what capacity is enough for. Returns what made it do so, or-ed; 0 when nothing
 * had to be lowered. Sets early_slots to what is left then, twice the compile slots at most. Pure.
 */
unsigned capacity_fit(const struct capacity *capacity, struct options *options);

#endif
