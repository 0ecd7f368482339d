/* How a job is sent to its cell. Runs in the launcher. */
#ifndef SANDBOX_LAUNCH_SEND_H
#define SANDBOX_LAUNCH_SEND_H

#include "sandbox/cell_spec.h"

/*
 * Sends one packet with its fds, at most WORK_FDS_MAX, all borrowed. Returns 0 or a negative errno;
 * a cell that has ended is none: its report says why.
 */
int launch_send(int channel_fd, const struct cell_work *work, const int *fds, unsigned fd_count);

#endif
