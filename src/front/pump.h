/*
 * The pump: the front end's only thread that talks to the supervisor. Owns the channel while it
 * runs, the pipes of every running step, and their deadlines; moves output into the jobs' logs,
 * stdin out of their buffers, and starts a step whenever the queue has one and a slot is free.
 *
 * Invariants: every leased job has a step here or is ended before the pump goes on; nothing but the
 * channel is waited for, and that only in the loop: a supervisor that does not read delays new
 * steps, not output.
 */
#ifndef FRONT_PUMP_H
#define FRONT_PUMP_H

#include "base/error.h"
#include "front/service.h"

/*
 * Runs until the supervisor sends STOP, SIGTERM or SIGINT comes (both must be blocked in every
 * thread), or the channel is closed. channel_fd: borrowed, made non-blocking; READY was sent on it.
 * Returns 0, or a negative errno: -EBADMSG when the supervisor sent what it may not.
 */
int pump_run(struct service *service, int channel_fd, struct error *err);

#endif
