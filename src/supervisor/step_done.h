/* How a step ended, as the front end is told. Pure. Runs in the supervisor. */
#ifndef SUPERVISOR_STEP_DONE_H
#define SUPERVISOR_STEP_DONE_H

#include <stdint.h>

#include "ipc/protocol.h"
#include "sandbox/sandbox.h"

/* The message, with all of it in the protocol's ranges, whatever the cell reported. */
struct ipc_message step_done_message(uint64_t step_id, const struct cell_result *result);

#endif
