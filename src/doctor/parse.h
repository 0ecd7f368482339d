/*
 * Readers of the small texts that /proc, /sys and /etc answer with. Pure: they take the text and
 * touch nothing else, so that they can be tested with other hosts' texts.
 */
#ifndef DOCTOR_PARSE_H
#define DOCTOR_PARSE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A line of text that is walked through: start with text, NULL at the end. Lines are not
 * terminated: ret_len says how long each is.
 */
const char *parse_line(const char **text, size_t *ret_len);

/* A whole number, perhaps negative, with white space around it. Returns 0 or -EINVAL. */
int parse_number(const char *text, long long *ret_number);

/* "6.1.0-18-amd64" → 6, 1. Returns 0 or -EINVAL. */
int parse_release(const char *release, unsigned *ret_major, unsigned *ret_minor);

/* The value of "NAME:\tVALUE" in a file like /proc/self/status. Returns 0 or -ENOENT. */
int parse_field(const char *text, const char *name, int base, unsigned long long *ret_value);

/* Is name among the last words of the lines of /proc/filesystems? */
int parse_has_file_system(const char *text, const char *name);

/* Does modules.dep or modules.builtin name this module, compressed or not? */
int parse_has_module(const char *text, const char *name);

/* Is count ids from first on mapped, in one row of a uid_map? */
int parse_map_covers(const char *text, uint64_t first, uint64_t count);

/* How many mounts lie on top of something below /proc, by mountinfo; those that hide nothing
 * (binfmt_misc's automount) are left out. */
unsigned parse_proc_masks(const char *mountinfo);

enum cpu_state { CPU_SAFE, CPU_PARTLY, CPU_OPEN };

/* What a file in /sys/devices/system/cpu/vulnerabilities says. */
enum cpu_state parse_vulnerability(const char *text);

/* Users of /etc/passwd with an id in first…last. ret_name: of the first one, size bytes. */
unsigned parse_users_between(const char *passwd, uint64_t first, uint64_t last, char *ret_name,
			     size_t size);

/* The name of a uid in /etc/passwd. Returns 0 or -ENOENT. */
int parse_user_name(const char *passwd, uint64_t uid, char *ret_name, size_t size);

/* What /etc/subuid or /etc/subgid says. */
struct subid_summary {
	uint64_t own_first, own_count; /* the user's largest range; 0: none */
	unsigned conflicts; /* others' rows that reach into the range asked about; root's too */
	char conflict_owner[64]; /* of the first of them */
	unsigned malformed;	 /* lines that are none */
	uint64_t free_first;	 /* where SUBID_COUNT ids nobody has begin; 0: unknown */
};

enum { SUBID_COUNT = 65536, SUBID_FIRST = 100000 };

/* user, uid: whose rows are "own"; rows may name either. first…last: the range asked about. */
void parse_subids(const char *text, const char *user, uint64_t uid, uint64_t first, uint64_t last,
		  struct subid_summary *ret_summary);

#endif
