/*
 * Which system calls the front end may make inside its jail: rows of data, made into a filter by
 * jail_seccomp() in jail.c.
 *
 * What is not listed gives EPERM: the call is denied just as surely as by killing, but a library
 * that tries a newer call first can fall back, and an update of one does not take the server down.
 * Calls that no honest path of the front end makes (starting programs, namespaces, other processes'
 * memory) kill the process: the supervisor then logs it and starts a clean one.
 */
#ifndef FRONT_JAIL_POLICY_H
#define FRONT_JAIL_POLICY_H

#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>

enum { JAIL_COMPARE_MAX = 3 };

/* Arguments are compared as the kernel sees them, 32 bits wide where it takes an int. */
struct jail_compare {
	unsigned arg;
	uint64_t mask, value; /* holds when (arg & mask) == value; mask 0: no more compares */
};

struct jail_rule {
	int syscall; /* SCMP_SYS(); below 0: this architecture does not have it */
	uint32_t action;
	struct jail_compare compares[JAIL_COMPARE_MAX]; /* all must hold */
};

/* The rows and their number. Static. */
const struct jail_rule *jail_policy(size_t *ret_count);

#endif
