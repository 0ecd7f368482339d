/*
 * What the launcher (launch.c) and the cell's pid 1 (cell_main.c) agree on: the step numbers, the
 * fd table sandlot-cell is executed with, the spec it reads and the report it writes. Both programs
 * come from one build and run on one machine, so the structs are exchanged as they are in memory.
 *
 * fd table of sandlot-cell (everything else is closed by the exec):
 *
 * - 0 1 2: the job's stdin, stdout, stderr. Come with the work; pid 1 closes its copies once the
 *   job has started.
 * - 3: spec, a sealed memfd. Closed after reading.
 * - 4: channel, SOCK_SEQPACKET: go-ahead in before the exec, the work in after it (an early job's
 * in two packets), one report out.
 * - 5: bundle, a sealed memfd. Comes with the work, closed after unpacking; so does a later one.
 * - 6: artefact out, an empty memfd. Written by pid 1 after everything else is dead.
 * - 7: artefact in, a sealed memfd. Comes with the work; the bundle again when there is none.
 * - 8: the folder that is carried, a memfd. Comes with the work, read before the job starts and
 *   written after its end; the bundle again when there is none.
 * - 9…: cgroup join fds (cgroup v1 `tasks`). Come with the work, written by the job, closed by
 * pid 1.
 *
 * Until what comes with the work is there, the places up to 8 are held by the spec's memfd. The
 * job's program inherits 0, 1 and 2 only.
 */
#ifndef SANDBOX_CELL_SPEC_H
#define SANDBOX_CELL_SPEC_H

#include <stdint.h>

#include "base/bundle.h"
#include "base/error.h"
#include "base/limits.h"
#include "sandbox/sandbox.h"

enum cell_step {
#define HOST_STEP(constant, name, help) STEP_##constant,
#define INIT_STEP(constant, function, name, help) STEP_##constant,
#define JOB_STEP(constant, function, name, help) STEP_##constant,
#define FEED_STEP(constant, function, name, help) STEP_##constant,
#include "sandbox/cell_steps.def"
#undef HOST_STEP
#undef INIT_STEP
#undef JOB_STEP
#undef FEED_STEP
	CELL_STEP_COUNT
};

enum cell_fd {
	CELL_FD_SPEC = 3,
	CELL_FD_CHANNEL,
	CELL_FD_BUNDLE,
	CELL_FD_ARTEFACT_OUT,
	CELL_FD_ARTEFACT_IN,
	CELL_FD_CARRY,
	CELL_FD_JOIN,
};

enum {
	CELL_SPEC_MAGIC = 0x53435031, /* "SCP1" */
	CELL_WORK_MAGIC = 0x574b5031, /* "WKP1" */
	CELL_FEED_MAGIC = 0x46445031, /* "FDP1" */
	CELL_JOIN_MAX = 4,	      /* cgroup hierarchies joined by the job */
	CELL_BINDS_MAX = CELL_HOST_BINDS_MAX,
	CELL_UID = 1000, /* the job's user and group inside */
	/* From the launcher to pid 1: pass the signal that is my value on to the job. A real-time
	   one, so that several queue. */
	CELL_SIGNAL_PASS = 40,
};

/* What the cell is to be. Written by the launcher, trusted by the cell. */
struct cell_spec {
	uint32_t magic;
	uint32_t profile; /* enum cell_profile */
	uint32_t image;	  /* /image/N is to be the root */
	uint32_t without; /* enum cell_layer, or-ed */
	int32_t fail_at_step;
	uint32_t first_victim; /* the OOM killer is to begin with the job: pid 1 is in its cgroup,
				  or there is none, and it is the host that is out of memory */
	uint32_t single_id;    /* the cell has one user id: the job gets a user namespace more */
	uint32_t memory_by_rlimit; /* no cgroup bounds memory: use rlimits */
	uint64_t files_bytes;	   /* what the limits of the job are expected to be … */
	uint64_t file_count;	   /* … 0: not known yet */
	uint32_t bind_count;
	char bind_paths[CELL_BINDS_MAX][BUNDLE_PATH_MAX + 1]; /* of /bind/0… below /playground */
};

/*
 * The job, when it comes: one packet with fds in the order of enum cell_work_fd, then those to join
 * cgroups by. An early job comes in two: the second has the rest's bundle, and limits that hold
 * from then on. Written by the launcher, trusted by the cell.
 */
struct cell_work {
	uint32_t magic;
	uint32_t has_artefact_in;
	uint32_t has_carry;  /* of an early job: of its second packet */
	uint32_t early;	     /* 1: the bundle is an early one, and CELL_FEED_MAGIC follows */
	uint32_t join_count; /* 0 to CELL_JOIN_MAX */
	struct limits limits;
};

enum cell_work_fd {
	WORK_STDIN,
	WORK_STDOUT,
	WORK_STDERR,
	WORK_BUNDLE,
	WORK_ARTEFACT_IN, /* the bundle again without */
	WORK_CARRY,	  /* likewise */
	WORK_FDS,
	WORK_FDS_MAX = WORK_FDS + CELL_JOIN_MAX,
};

/* Of CELL_FEED_MAGIC. */
enum cell_feed_fd {
	FEED_BUNDLE, /* the later one */
	FEED_CARRY,  /* the bundle again without */
	FEED_FDS,
};

/* What pid 1 says before it ends: one packet, whole or not at all. */
struct cell_report {
	int32_t started;       /* 1: the job's program was executed; wait_status is its own */
	int32_t wait_status;   /* as waitpid(2) gives it */
	int32_t files_full;    /* no free block or inode was left */
	int32_t inodes_full;   /* no free inode was left */
	int32_t carried;       /* 1: it had what an earlier one left in the carried folder */
	int32_t kept;	       /* 1: what it left there itself is in the memfd */
	int32_t artefact_code; /* 0, or the negative errno why there is no artefact */
	uint64_t artefact_bytes;
	struct error error; /* a step that failed, or why the artefact was refused */
};

#endif
