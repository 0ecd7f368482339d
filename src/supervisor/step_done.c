#include "supervisor/step_done.h"

#include <stdio.h>

static uint32_t outcome_error_code(const struct cell_result *result)
{
	return result->error.code < 0 && result->error.code >= -4095 ? (uint32_t)-result->error.code
								     : 0;
}

struct ipc_message step_done_message(uint64_t step_id, const struct cell_result *result)
{
	struct ipc_message message = {
		.type = IPC_STEP_DONE,
		.step_done =
			{
				.step_id = step_id,
				.outcome = result->outcome,
				.exit_code = (uint32_t)result->exit_code & 0xff,
				.signal = (uint32_t)result->signal,
				.wall_usec = result->wall_usec,
				.user_usec = result->user_usec,
				.system_usec = result->system_usec,
				.memory_peak_bytes = result->memory_peak_bytes,
				.artefact_bytes = result->artefact_bytes,
				.carried = result->carried != 0,
				.kept = result->kept != 0,
				.files_full = result->files_full != 0,
				.error_code = outcome_error_code(result),
			},
	};
	snprintf(message.step_done.error_step, sizeof(message.step_done.error_step), "%s",
		 result->error.step);
	snprintf(message.step_done.error_text, sizeof(message.step_done.error_text), "%s",
		 result->error.text);
	return message;
}
