/*
 * Steps by which a process gives up for good what it does not need: what jails are made of. Each
 * returns 0, or a negative errno with a text, and then the process must not go on. The order is the
 * caller's: ids and capabilities that a later step needs must still be there.
 */
#ifndef BASE_PRIVILEGE_H
#define BASE_PRIVILEGE_H

#include <sys/types.h>

#include "base/error.h"

/*
 * Without root: makes a user namespace in which we, root of the one that is left, are called user
 * and rule nothing that was made before. self_fd: /proc/self (O_PATH), opened before. Returns 1
 * when supplementary groups stay, which the kernel lets nobody give up who has no range of them
 * mapped (user_namespaces(7)).
 */
int privilege_user_namespace(int self_fd, uid_t user, struct error *err);

/* Empties the bounding and ambient sets of capabilities, and locks the securebits. */
int privilege_bounding(struct error *err);

/*
 * Becomes this user and group, without other groups; with keeps_groups they are left as they are,
 * for a process in a user namespace of its own. Makes sure that it did.
 */
int privilege_identity(uid_t user, int keeps_groups, struct error *err);

/* Gives up every capability. Makes sure that it did. */
int privilege_capabilities(struct error *err);

/* Dies with its parent and cannot be traced. After the change of user, which clears the first. */
int privilege_parent(struct error *err);

int privilege_no_new_privs(struct error *err);

#endif
