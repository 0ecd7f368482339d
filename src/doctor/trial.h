/*
 * Tries something in a process of its own: in new namespaces, as another user, or both. Whatever
 * happens there (a refusal, a signal, a hang) becomes a result; nothing outlives it: every process
 * has an alarm, dies with its parent, and the whole is killed after TRIAL_WAIT_USEC.
 */
#ifndef DOCTOR_TRIAL_H
#define DOCTOR_TRIAL_H

#include <stdint.h>
#include <sys/types.h>

enum { TRIAL_ALARM_SEC = 4 };

/*
 * Runs in the trial's process. May write where it got to into *step, 0 at the start. Returns a
 * number of its own, not negative, or a negative errno.
 */
typedef int trial_function(const void *context, int *step);

struct trial {
	uint64_t namespaces;	  /* CLONE_NEW…, or-ed; CLONE_NEWUSER among them, or 0 */
	uid_t user;		  /* to become before; TRIAL_SAME_USER */
	uid_t map_to;		  /* host id that a root's user namespace maps its root to */
	trial_function *function; /* NULL: nothing more than the namespaces */
	const void *context;	  /* borrowed */
};

#define TRIAL_SAME_USER ((uid_t)-1)

enum trial_stage {
	TRIAL_DONE,	/* the function returned */
	TRIAL_START,	/* no process could be made */
	TRIAL_BECOME,	/* the user could not be changed */
	TRIAL_CLONE,	/* the namespaces could not be made */
	TRIAL_MAP,	/* ids could not be mapped */
	TRIAL_FUNCTION, /* the function failed */
	TRIAL_DIED,	/* it ended without a word, or took too long */
};

struct trial_result {
	enum trial_stage stage;
	int value; /* what the function returned, or a negative errno */
	int step;  /* how far the function got */
};

struct trial_result trial_run(const struct trial *trial);

static inline int trial_worked(const struct trial_result *result)
{
	return result->stage == TRIAL_DONE;
}

/* What failed, in words: "clone: Operation not permitted". Valid until the next call. */
struct trial_words {
	char text[96];
};
struct trial_words trial_words(const struct trial_result *result);

/* Waits at most usec for fd to be readable. Returns 1, or 0 when it is not. */
int trial_wait_readable(int fd, uint64_t usec);

#endif
