#include "front/carry.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "base/bundle.h"
#include "base/fd.h"

struct carry_entry {
	struct carry_id id;
	uint8_t fit[SHA256_BYTES];     /* of the state */
	int fd;			       /* the state; -EBADF: none, or it is lent */
	uint64_t bytes;		       /* of the state, and of the compile */
	uint64_t loan;		       /* number of the one that is out; 0: none */
	uint64_t cpu_usec;	       /* of the last compile that went without */
	struct compile_entry *compile; /* the last that had it; NULL: none */
	TAILQ_ENTRY(carry_entry) in_order;
	LIST_ENTRY(carry_entry) in_chain;
};

void carry_init(struct carry *carry, uint64_t bytes_max)
{
	*carry = (struct carry){.bytes_max = bytes_max};
	TAILQ_INIT(&carry->order);
}

/* ---- entries ---- */

static struct carry_chain *chain_of(struct carry *carry, const struct carry_id *id)
{
	return &carry->chains[id->bytes[0] % CARRY_CHAINS];
}

static void state_forget(struct carry *carry, struct carry_entry *entry)
{
	if (entry->fd < 0)
		return;
	entry->fd = fd_close(entry->fd);
	carry->states--;
}

static void entry_forget(struct carry *carry, struct carry_entry *entry)
{
	carry->dropped += entry->fd >= 0;
	state_forget(carry, entry);
	TAILQ_REMOVE(&carry->order, entry, in_order);
	LIST_REMOVE(entry, in_chain);
	carry->bytes -= entry->bytes;
	carry->count--;
	compile_entry_unref(entry->compile);
	free(entry);
}

void carry_clear(struct carry *carry)
{
	while (carry->count)
		entry_forget(carry, TAILQ_FIRST(&carry->order));
}

static struct carry_entry *entry_find(struct carry *carry, const struct carry_id *id)
{
	struct carry_entry *entry;

	LIST_FOREACH (entry, chain_of(carry, id), in_chain)
		if (memcmp(&entry->id, id, sizeof(*id)) == 0)
			break;
	if (entry) {
		TAILQ_REMOVE(&carry->order, entry, in_order);
		TAILQ_INSERT_TAIL(&carry->order, entry, in_order);
	}
	return entry;
}

static struct carry_entry *entry_add(struct carry *carry, const struct carry_id *id)
{
	struct carry_entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		return NULL;
	if (carry->count == CARRY_ENTRIES)
		entry_forget(carry, TAILQ_FIRST(&carry->order));
	entry->id = *id;
	entry->fd = -EBADF;
	LIST_INSERT_HEAD(chain_of(carry, id), entry, in_chain);
	TAILQ_INSERT_TAIL(&carry->order, entry, in_order);
	carry->count++;
	return entry;
}

static uint64_t fd_bytes(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 ? (uint64_t)st.st_blocks * 512 : 0;
}

/* What it takes may have changed: others go, the oldest first, or it goes itself. */
static void entry_weigh(struct carry *carry, struct carry_entry *entry)
{
	uint64_t compile = entry->compile ? compile_entry_bytes(entry->compile) : 0;

	carry->bytes -= entry->bytes;
	entry->bytes = fd_bytes(entry->fd) + compile;
	carry->bytes += entry->bytes;
	while (carry->bytes > carry->bytes_max)
		entry_forget(carry, TAILQ_FIRST(&carry->order));
}

/* ---- names ---- */

int carry_session_is_valid(const char *session)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t len = strlen(session);

	return len >= CARRY_SESSION_MIN && len <= CARRY_SESSION_MAX &&
	       strspn(session, letters) == len;
}

int carry_session_make(char ret_session[CARRY_SESSION_MAX + 1])
{
	uint8_t random[CARRY_SESSION_MAX / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -EIO;
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(ret_session + 2 * i, 3, "%02x", random[i]);
	return 0;
}

void carry_id_make(const char *session, const char *language, struct carry_id *ret_id)
{
	struct sha256 sha256;

	sha256_begin(&sha256);
	sha256_add(&sha256, session, strlen(session) + 1);
	sha256_add(&sha256, language, strlen(language));
	sha256_end(&sha256, ret_id->bytes);
}

/* ---- states ---- */

int carry_lend(struct carry *carry, const struct carry_id *id, const uint8_t fit[SHA256_BYTES],
	       struct carry_loan *ret_loan)
{
	struct carry_entry *entry = entry_find(carry, id);

	if (!carry->bytes_max || !entry || entry->loan)
		return -ENODATA;
	unsigned fits = entry->fd >= 0 && memcmp(entry->fit, fit, SHA256_BYTES) == 0;
	if (!fits && entry->cpu_usec < CARRY_WORTH_USEC)
		return -ENODATA;
	int fd = fits ? TAKE_FD(entry->fd) : memfd_new_fixed("carried", CARRY_BYTES_MAX);
	if (fd < 0)
		return fd;
	carry->dropped += entry->fd >= 0;
	carry->states -= fits;
	state_forget(carry, entry);
	memcpy(entry->fit, fit, SHA256_BYTES);
	carry->given += fits;
	entry->loan = ++carry->loans;
	*ret_loan = (struct carry_loan){.fd = fd, .number = entry->loan, .has_state = (int)fits};
	return 0;
}

/* Errors in a program are not the state's fault, and neither is a visitor who had enough. */
static int state_stays(const struct step_result *result)
{
	if (!result)
		return 0;
	switch (result->outcome) {
	case OUTCOME_EXITED:
		return result->exit_code == 0 ? result->kept : result->exit_code == 1;
	case OUTCOME_KILLED:
	case OUTCOME_OUTPUT_LIMIT:
		return 1;
	default:
		return 0;
	}
}

void carry_return(struct carry *carry, const struct carry_id *id, struct carry_loan *take_loan,
		  const struct step_result *result)
{
	struct carry_entry *entry = entry_find(carry, id);
	_cleanup_fd_ int fd = TAKE_FD(take_loan->fd);
	int is_out = entry && entry->loan == take_loan->number;

	if (is_out)
		entry->loan = 0;
	if (is_out && state_stays(result) && fd_bytes(fd)) {
		carry->kept += result->kept != 0;
		carry->states++;
		entry->fd = TAKE_FD(fd);
	} else {
		carry->dropped += take_loan->has_state != 0;
	}
	if (is_out)
		entry_weigh(carry, entry);
}

void carry_note(struct carry *carry, const struct carry_id *id, uint64_t cpu_usec)
{
	struct carry_entry *entry = carry->bytes_max ? entry_find(carry, id) : NULL;

	if (!entry && carry->bytes_max)
		entry = entry_add(carry, id);
	if (entry)
		entry->cpu_usec = cpu_usec;
}

struct compile_entry *carry_find_compile(struct carry *carry, const struct carry_id *id,
					 const struct compile_key *key)
{
	const struct carry_entry *entry = entry_find(carry, id);

	return entry && entry->compile && compile_key_equal(&entry->compile->key, key)
		       ? entry->compile
		       : NULL;
}

void carry_put_compile(struct carry *carry, const struct carry_id *id,
		       struct compile_entry *compile)
{
	struct carry_entry *entry = entry_find(carry, id);

	if (!entry)
		return;
	compile_entry_unref(entry->compile);
	entry->compile = compile_entry_ref(compile);
	entry_weigh(carry, entry);
}
