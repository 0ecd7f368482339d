/*
 * The sandbox as its users see it: a user the launcher becomes, a host that is prepared once, and
 * cells that are launched on it, one per step. Used by the supervisor and by `sandlot cell`; both
 * are single-threaded. Everything here runs with the caller's privilege, root's or that of a user
 * who may make user namespaces, and never reads a byte of a bundle: the cell does that itself,
 * inside its namespaces.
 *
 * A cell is: clone3 into fresh user, mount, pid, net, ipc and uts namespaces; id maps written from
 * outside; sandlot-cell executed as its pid 1 (cell_main.c), which walks the step table
 * (cell_steps.c), starts the job (which joins the cgroups and makes the cgroup namespace), reaps,
 * copies the artefact out and ends. When pid 1 ends, for whatever reason, the kernel ends
 * everything else.
 */
#ifndef SANDBOX_SANDBOX_H
#define SANDBOX_SANDBOX_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/outcome.h"

/* Which seccomp policy and which /proc a step gets: rows of sandbox/policy/. */
enum cell_profile { CELL_COMPILE, CELL_RUN, CELL_PROFILE_COUNT };

/*
 * Layers that `sandlot cell --without` may leave off, for the controls of the escape tests and for
 * measurements. The supervisor always passes 0.
 */
enum cell_layer {
	CELL_WITHOUT_SECCOMP = 1 << 0,
	CELL_WITHOUT_LANDLOCK = 1 << 1,
	CELL_WITHOUT_CGROUP = 1 << 2,
	CELL_WITHOUT_RLIMITS = 1 << 3,
	CELL_WITHOUT_NET_NS = 1 << 4,
	CELL_WITHOUT_PID_NS_PROC = 1 << 5, /* /proc without masks and subset=pid */
	CELL_WITHOUT_READONLY = 1 << 6,	   /* the image's bind mount is left writable */
	CELL_WITHOUT_UID_DROP =
		1 << 7, /* the job stays uid 0 of its user namespace, with capabilities */
	CELL_WITHOUT_IPC_NS = 1 << 8,
	CELL_WITHOUT_UTS_NS = 1 << 9,
	CELL_WITHOUT_PIVOT =
		1 << 10, /* chroot into the image instead, the old root stays mounted */
	CELL_WITHOUT_CGROUP_NS = 1 << 11,
};

/*
 * The ids cells are mapped to, as the launcher's own user namespace counts them; each slot has
 * CELL_UIDS_PER_SLOT.
 */
struct cell_uid_range {
	uid_t first;
	unsigned slots;
};

enum { CELL_UIDS_PER_SLOT = 2 }; /* 0: the cell's root, 1: the job's user (1000 inside) */

/*
 * As root: 1879048192…2147352575, which systemd's uid table leaves unused. The first ones are kept
 * for what is no cell (the front end).
 */
#define CELL_UID_FIRST_DEFAULT ((uid_t)1879048192)
#define CELL_UIDS_FIRST (CELL_UID_FIRST_DEFAULT + 16)

/* Whose ids cells have. */
enum cell_ids {
	CELL_IDS_ROOT,	/* we are root: each cell has ids of its own from the range above */
	CELL_IDS_RANGE, /* we are not: likewise, from the range /etc/subuid gives our user */
	/*
	 * We are not, and have no range: on the host every cell is the user that we are. Inside,
	 * the job is user 1000 of a user namespace below that of the cell's root: namespaces,
	 * Landlock and seccomp still part cells from each other and from us, user ids do not.
	 */
	CELL_IDS_SINGLE,
};

/* Where distributions put newuidmap and newgidmap, in the order in which we look. */
#define CELL_USER_HELPER_FOLDERS                                                                   \
	{                                                                                          \
		"/usr/bin", "/usr/local/bin", "/run/wrappers/bin"                                  \
	}

/* What the launcher is and which ids are its cells'. */
struct cell_user {
	enum cell_ids ids;
	struct cell_uid_range uids; /* ours alone on this host while claim_fd is open */
	int claim_fd;
	uid_t host_uid;	  /* who we are on the host */
	uid_t host_first; /* where the range that cells' ids are taken from begins there */
	unsigned host_count;
	char missing[ERROR_TEXT_MAX]; /* SINGLE: why there is no range; else empty */
};

/*
 * First of all: becomes root of a user namespace of its own when the caller is not root, and claims
 * ids for that many slots (fewer when there are fewer). Afterwards geteuid() is 0 in any case. Uses
 * newuidmap(1) and newgidmap(1) where /etc/subuid and /etc/subgid have a range for the user. Must
 * be called before the process has threads. Returns 0, or a negative errno when this host lets the
 * user have no user namespace, or all ids are claimed.
 */
int cell_user_enter(unsigned slots, struct cell_user *ret_user, struct error *err);

/*
 * Has somebody else been given ids of the range cells' ids are taken from (/etc/subuid,
 * /etc/subgid)? Returns 1 with a sentence, or 0. While the host's files are visible.
 */
int cell_user_conflict(const struct cell_user *user, char *ret_text, size_t size);

/* Gives the claim back. */
void cell_user_close(struct cell_user *user);

struct cgroups; /* cgroup.h: the host's hierarchies, chosen at start */

/*
 * An image: opened in a mount namespace where its path means something, and from then on known by
 * its fds. content_fd is all that is ever mounted of it, so who checks that has checked the mount.
 */
enum cell_image_form {
	CELL_IMAGE_TREE, /* content_fd: a mount of root/, attached nowhere; folders open below it */
	CELL_IMAGE_EROFS, /* content_fd: the file image.erofs */
};

enum cell_image_how {
	CELL_IMAGE_WRITABLE =
		1 << 0, /* leave a tree writable: for `sandlot cell --without readonly` */
	CELL_IMAGE_NO_EROFS = 1 << 1, /* the caller may not mount it: not the host's root */
	CELL_IMAGE_BY_LOOP = 1 << 2,  /* EROFS by loop device, though the kernel could do without */
};

struct cell_image {
	enum cell_image_form form;
	unsigned how;  /* enum cell_image_how, or-ed */
	int folder_fd; /* its folder */
	int content_fd;
};

#define CELL_IMAGE_NONE ((struct cell_image){.folder_fd = -EBADF, .content_fd = -EBADF})

/*
 * Opens the image in a folder: image.erofs, else root/ (or the folder itself, when it looks like a
 * root tree). how: enum cell_image_how, or-ed. Reads nothing in it. Returns 0 or a negative errno
 * with a sentence.
 */
int cell_image_open(const char *dir, unsigned how, struct cell_image *ret_image, struct error *err);
void cell_image_close(struct cell_image *image);

/*
 * Mounts it, read-only, nosuid and nodev, attached to no namespace. The loop device that EROFS may
 * take goes with the mount. /proc and, for a loop device, the host's /dev must be visible. Returns
 * a new fd of the mount or a negative errno.
 */
int cell_image_mount(const struct cell_image *image, struct error *err);

enum {
	CELL_HOST_BINDS_MAX = 16,
	CELL_HOST_IMAGES_MAX = 16, /* mounted at once */
};

/* A folder of the host that every cell of this host sees, read-only, below /playground. */
struct cell_bind {
	const char *host_dir;
	const char *path; /* below /playground; valid as bundle_path_is_valid() has it */
};

/*
 * A host prepared for cells. Owns its fds. The calling process has left the host's mount namespace
 * for one that holds the images, a /proc, a /dev of five nodes and nothing else.
 */
struct cell_host {
	int cell_exe_fd;		 /* sandlot-cell, to execveat(2) */
	struct cgroups *cgroups;	 /* owned; NULL when the host offers none */
	char no_cgroups[ERROR_TEXT_MAX]; /* then: why, and how to have them */
	enum cell_ids ids;
	struct cell_uid_range uids;
	unsigned char *slots_used;			 /* owned; one byte per slot */
	unsigned char images_used[CELL_HOST_IMAGES_MAX]; /* 1: something is mounted on /image/N */
	char **bind_paths; /* owned; bind_count texts: where cells see /bind/0… */
	unsigned bind_count;
};

struct cell_host_config {
	const char *image_dir;	 /* mounted as image 0; NULL: cell_host_attach() comes later */
	unsigned image_how;	 /* enum cell_image_how, besides what user and without say */
	const char *cell_exe;	 /* path of the sandlot-cell executable */
	const char *cgroup_name; /* folder under the caller's own cgroup in each hierarchy, e.g.
				    "sandlot-1234" */
	const struct cell_user *user;  /* borrowed until cell_host_enter() returns */
	const struct cell_bind *binds; /* at most CELL_HOST_BINDS_MAX; `sandlot cell --bind` */
	unsigned bind_count;
	/* Layers left off: CELL_WITHOUT_READONLY and CELL_WITHOUT_CGROUP are the host's business.
	 */
	unsigned without;
	/* 1: one cell of one image and no weights, as in `sandlot cell`: fewer folders. */
	int single;
};

/*
 * Prepares host: opens what is needed, finds the cgroup hierarchies, makes the cgroup folder,
 * unshares the mount namespace, builds the almost empty root and pivots into it. After it the
 * caller sees no path of the host any more: open what you need before. After cell_user_enter().
 * Removes cgroup folders that a crashed predecessor left (same prefix, no live process). Returns 0
 * or a negative errno.
 */
int cell_host_enter(struct cell_host *host, const struct cell_host_config *config,
		    struct error *err);

/*
 * Attaches a mount that is attached nowhere yet, for cells launched from now on. mount_fd:
 * borrowed. Returns the image's number, or -EBUSY when CELL_HOST_IMAGES_MAX are attached, or
 * another negative errno.
 */
int cell_host_attach(struct cell_host *host, int mount_fd, struct error *err);

/* Takes an image away. Cells that run on it have a mount of their own and keep it. */
void cell_host_detach(struct cell_host *host, unsigned image);

/* Removes the cgroup folders and frees. All cells must be gone. */
void cell_host_fini(struct cell_host *host);

/*
 * What one cell is launched with. All fds are borrowed. The first four are what a cell is prepared
 * with; the rest is its job. (Limits of files that are known then already save work later.)
 */
struct cell_launch {
	enum cell_profile profile;
	unsigned image;	      /* what cell_host_attach() gave; must be attached */
	unsigned without;     /* enum cell_layer, or-ed */
	int fail_at_step;     /* fault injection: index in the step table, or -1 */
	struct limits limits; /* wall_usec and output_bytes are the caller's to enforce, the rest is
				 ours */
	int early;	      /* 1: an early bundle; cell_feed() must follow, or cell_kill() */
	int bundle_fd;	      /* sealed memfd, see base/bundle.h */
	int stdin_fd, stdout_fd, stderr_fd;
	int artefact_in_fd; /* sealed memfd or -EBADF */
	/* memfd of fixed size or -EBADF: what is carried of a folder (cell_carried.h) is read from
	 * it and, when the job ends well, written to it. Of an early job it comes later. */
	int carry_fd;
};

/* A running cell. Zero-initialise with CELL_NONE. */
struct cell {
	pid_t pid;
	int pidfd;	     /* readable when the cell has ended; the caller polls it */
	int report_fd;	     /* what pid 1 reports, read by cell_collect() only; readable or hung up
				when all is done in the cell, a moment before it has ended */
	int artefact_out_fd; /* memfd the cell copies its artefact to */
	unsigned slot;
	uint64_t started_usec; /* CLOCK_MONOTONIC */
	struct limits limits;
	struct cgroup *cgroup;	   /* owned; NULL without */
	int kill_asked;		   /* cell_kill() was called */
	int behind;		   /* cell_put_behind() was called */
	enum outcome kill_outcome; /* … with this */
};

#define CELL_NONE                                                                                  \
	((struct cell){.pid = 0, .pidfd = -EBADF, .report_fd = -EBADF, .artefact_out_fd = -EBADF})

/* How a cell's step ended. */
struct cell_result {
	enum outcome outcome;
	int exit_code; /* EXITED: 0…255 */
	int signal;    /* SIGNALED, or the signal that ended it in another way; else 0 */
	uint64_t wall_usec, user_usec, system_usec;
	/* Time it was ready to run and held back by a processor quota of its cgroup. Cells are
	 * given weights and no quota, so this is 0 unless the operator sets one. */
	uint64_t throttled_usec;
	uint64_t memory_peak_bytes;
	uint64_t artefact_bytes;
	int carried;	    /* it had what an earlier job left in its carried folder */
	int kept;	    /* the memfd has what this one left there */
	int files_full;	    /* file space or inodes were used up when it ended */
	int inodes_full;    /* … and it was (also) the inodes */
	int artefact_fd;    /* sealed memfd, new, the caller's; empty when nothing was handed on */
	struct error error; /* for REFUSED and INTERNAL_ERROR: step, errno, sentence */
};

/*
 * Makes a cell and leaves it waiting for its job: namespaces, mounts and cgroup are there, its time
 * does not run. On success ret_cell must be given a job by cell_begin(), or be ended by
 * cell_discard(). Its pidfd becomes readable should it end before that.
 */
int cell_prepare(struct cell_host *host, const struct cell_launch *launch, struct cell *ret_cell,
		 struct error *err);

/*
 * Gives a prepared cell its job: from here on it is a running cell that must be collected. launch:
 * its first four as when it was prepared. On failure the cell has been discarded.
 */
int cell_begin(struct cell_host *host, struct cell *cell, const struct cell_launch *launch,
	       struct error *err);

/*
 * Gives a cell that was begun early the rest of its job, once: its time runs from here, limits hold
 * from here on (none may be higher than those it began with). bundle_fd: borrowed, sealed, the
 * later bundle; carry_fd: as in struct cell_launch. Returns 0, or a negative errno: kill it then. A
 * cell that has ended meanwhile is no failure: its result says so, as does that of one whose
 * program had ended: refused, step "feed".
 */
int cell_feed(struct cell *cell, const struct limits *limits, int bundle_fd, int carry_fd,
	      struct error *err);

/* Ends a prepared cell that has no job. */
void cell_discard(struct cell_host *host, struct cell *cell);

/*
 * Starts a cell: both of the above. On success ret_cell is a running cell that must be collected.
 * Never blocks for long: the cell's own steps run in the cell. Failures: -EAGAIN no free slot or
 * out of processes, …
 */
int cell_launch(struct cell_host *host, const struct cell_launch *launch, struct cell *ret_cell,
		struct error *err);

/* Kills everything in the cell; the first outcome asked for is the one reported. Poll pidfd after.
 */
void cell_kill(struct cell *cell, enum outcome outcome);

/*
 * Passes a signal (1…31) on to the job's process group, as a terminal would. Nothing happens when
 * the job has not begun or has ended. The cell's limits go on.
 */
void cell_signal(struct cell *cell, int signal);

/* Processor time used so far by everything in the cell (cgroup), 0 when the host cannot tell. */
uint64_t cell_cpu_usec(const struct cell *cell);

/*
 * Puts the cell behind all others until it is killed, once it has burnt enough: it gets what they
 * leave of the processors.
 */
void cell_put_behind(struct cell *cell);

/*
 * For a cell whose pidfd is readable, or report_fd readable or hung up: ends and reaps it, reads
 * its report and counters, decides the outcome, seals the artefact, removes its cgroup, frees its
 * slot and closes its fds (cell becomes CELL_NONE). Always yields a result. Outcome order:
 * kill_outcome when the cell died of our kill; out_of_memory when the cgroup counted an OOM kill;
 * cpu_timeout on SIGXCPU or the cgroup's clock above the limit; file_limit when the file space was
 * used up and the step failed, or on SIGXFSZ; then signaled or exited; refused when a named step of
 * the cell failed; internal_error for anything else.
 */
void cell_collect(struct cell_host *host, struct cell *cell, struct cell_result *ret_result);

#endif
