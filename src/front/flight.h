/*
 * Compiles that jobs share. The first job whose compile is leased flies; others that want the very
 * same wait for it without a slot, and go on with what it came to. What ended well is kept in the
 * compile cache, and a job that wants it skips its compile. A job that is ended while it flies
 * takes nobody along: those that waited for it compete for a slot again. Called with the service's
 * lock held.
 */
#ifndef FRONT_FLIGHT_H
#define FRONT_FLIGHT_H

#include "front/service_internal.h"

/* What came of a job that was about to wait for a compile slot, or was given one. */
enum flight_way {
	FLIGHT_COMPILE, /* it has to compile */
	FLIGHT_JOINED,	/* it waits for another's compile */
	FLIGHT_SKIPPED, /* its compile was in the cache: it waits to run, or has ended */
};

/* job: its place in the queue is reserved, not in a lane. */
enum flight_way flight_board_locked(struct service *service, struct job *job);

/* Would it join or skip now? */
int flight_would_board_locked(struct service *service, const struct job *job);

/*
 * A leased job begins to compile: others may join it from here on. But when it is to go on from an
 * earlier one of its session (carry.h), it is lent what that has left and goes alone: what it comes
 * to is for its session, for whoever has made up the state may have made up the result.
 */
void flight_begin_locked(struct service *service, struct job *job);

/*
 * The flying job's compile has ended: result is that of its step, artefact_fd what it handed on
 * (borrowed, or -EBADF). Those that joined go on. Harmless on a job that does not fly. Returns what
 * is to be saved on disk, a reference, or NULL.
 */
struct compile_entry *flight_land_locked(struct service *service, struct job *job,
					 const struct step_result *result, int artefact_fd);

/* A job is ended early: out of its flight; when it flew itself, the others compile for themselves.
 */
void flight_leave_locked(struct service *service, struct job *job);

#endif
