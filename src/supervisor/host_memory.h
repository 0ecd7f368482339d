/* Whether the host's memory is running short. Runs in the supervisor. */
#ifndef SUPERVISOR_HOST_MEMORY_H
#define SUPERVISOR_HOST_MEMORY_H

#include <stdint.h>

/*
 * Is less than this available for new programs (proc_meminfo(5), MemAvailable)? What cannot be read
 * is no shortage.
 */
int host_memory_is_below(uint64_t reserve_bytes);

#endif
