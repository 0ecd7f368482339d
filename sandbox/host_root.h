/* The launcher's own mount namespace: see host_root.c. */
#ifndef SANDBOX_HOST_ROOT_H
#define SANDBOX_HOST_ROOT_H

#include "base/error.h"
#include "sandbox/sandbox.h"

/* Leaves the host's mount namespace. Returns 0 or a negative errno: the caller should then exit. */
int host_root_enter(const struct cell_host_config *config, struct error *err);

/* Attaches a mount that is attached nowhere to /image/N. Returns 0 or a negative errno. */
int host_root_attach(int mount_fd, unsigned image, struct error *err);

void host_root_detach(unsigned image);

#endif
