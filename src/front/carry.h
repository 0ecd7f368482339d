/*
 * What a visitor's compiles leave for his next one: the folder a compiler keeps its state in, as
 * his cell has packed it, by session and language. Here it is bytes that nobody looks at; it is
 * given to a compile of the very session, language, options and image it came from, and to no
 * other. A session is a secret the client has made up (docs/http.md).
 *
 * A state is lent to one compile at a time, whose cell reads it and writes the next in its place;
 * another one of the session, meanwhile, goes without. Bounded in bytes and entries, the least
 * recently used goes first. What such a compile came to is kept here, too, for the session alone:
 * it never enters the cache that visitors share. No lock of its own: the service's guards it.
 */
#ifndef FRONT_CARRY_H
#define FRONT_CARRY_H

#include <sys/queue.h>

#include "front/compile_entry.h"
#include "front/sha256.h"

enum {
	CARRY_SESSION_MIN = 16, /* characters of a session's name: letters, digits, - and _ */
	CARRY_SESSION_MAX = 64,
	CARRY_ENTRIES = 1024,
	CARRY_CHAINS = 256,
	CARRY_WORTH_USEC = 100 * 1000, /* of processor time: what takes less is not worth it */
};

/* SHA-256 of session and language. */
struct carry_id {
	uint8_t bytes[SHA256_BYTES];
};

/* A state while a compile has it. */
struct carry_loan {
	int fd; /* memfd of CARRY_BYTES_MAX bytes; -EBADF: there is none */
	uint64_t number;
	int has_state; /* 0: it is empty */
};

struct carry_entry;
TAILQ_HEAD(carry_list, carry_entry);
LIST_HEAD(carry_chain, carry_entry);

struct carry {
	uint64_t bytes, bytes_max;     /* bytes_max 0: nothing is carried */
	unsigned count, states;	       /* entries; those with a state */
	uint64_t given, kept, dropped; /* states, since the start */
	uint64_t loans;		       /* since then: the last one's number */
	struct carry_list order;       /* the least recently used first */
	struct carry_chain chains[CARRY_CHAINS];
};

void carry_init(struct carry *carry, uint64_t bytes_max);

/* Forgets everything: another image is served, or the server ends. */
void carry_clear(struct carry *carry);

/* May a session be called so? */
int carry_session_is_valid(const char *session);

/* A name that nobody can guess, for a session that is a connection. Returns 0 or a negative errno.
 */
int carry_session_make(char ret_session[CARRY_SESSION_MAX + 1]);

void carry_id_make(const char *session, const char *language, struct carry_id *ret_id);

/*
 * A compile of the session's has to be done. fit: SHA-256 of all that its state depends on. Returns
 * 0 and a loan, the caller's, for its cell to read and to write, which has to come back by
 * carry_return(); or -ENODATA: it is to go without, for it is the session's first, or the one
 * before was done in no time, or another has the state; or another negative errno.
 */
int carry_lend(struct carry *carry, const struct carry_id *id, const uint8_t fit[SHA256_BYTES],
	       struct carry_loan *ret_loan);

/*
 * The compile that had it has ended. take_loan: closed. result: of the compile, or NULL when nobody
 * knows how that ended. A state stays for the next one unless the compile ended in a way that a
 * program's own errors do not explain: the state itself may be why.
 */
void carry_return(struct carry *carry, const struct carry_id *id, struct carry_loan *take_loan,
		  const struct step_result *result);

/* A compile of the session's took this much processor time, now or when somebody else's was done.
 */
void carry_note(struct carry *carry, const struct carry_id *id, uint64_t cpu_usec);

/* What the session's last carried compile came to, if it was this one; borrowed, or NULL. */
struct compile_entry *carry_find_compile(struct carry *carry, const struct carry_id *id,
					 const struct compile_key *key);

/* Keeps it, with a reference of its own. */
void carry_put_compile(struct carry *carry, const struct carry_id *id,
		       struct compile_entry *compile);

#endif
