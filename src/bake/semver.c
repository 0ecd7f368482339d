#include "bake/semver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"
#define IDENTIFIER DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-."

/* Takes a number without needless zeros. Returns 1, or 0 when there is none. */
static int take_number(const char **at, uint64_t *ret)
{
	size_t len = strspn(*at, DIGITS);

	if (len == 0 || len > 18 || (len > 1 && **at == '0'))
		return 0;
	*ret = strtoull(*at, NULL, 10);
	*at += len;
	return 1;
}

/* Takes dot-separated identifiers, none of them empty. Returns 1 or 0. */
static int take_identifiers(const char **at, char ret[SEMVER_TEXT_MAX])
{
	size_t len = strspn(*at, IDENTIFIER);

	if (len == 0 || len >= SEMVER_TEXT_MAX || (*at)[0] == '.' || (*at)[len - 1] == '.')
		return 0;
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += len;
	return strstr(ret, "..") == NULL;
}

/* Takes -PRE and +BUILD, as far as they are there. Returns 1 or 0. */
static int take_tail(const char **at, struct semver *version)
{
	if (**at == '-') {
		++*at;
		if (!take_identifiers(at, version->pre))
			return 0;
	}
	if (**at == '+') {
		++*at;
		if (!take_identifiers(at, version->build))
			return 0;
	}
	return 1;
}

int semver_parse(const char *text, struct semver *ret_version)
{
	struct semver version = {.pre = ""};

	for (size_t i = 0; i < 3; i++) {
		if (i > 0 && *text++ != '.')
			return -EINVAL;
		if (!take_number(&text, &version.numbers[i]))
			return -EINVAL;
	}
	if (!take_tail(&text, &version) || *text)
		return -EINVAL;
	*ret_version = version;
	return 0;
}

/* One identifier against another: numbers by value and before words, words by bytes. */
static int compare_identifier(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int a_number = strspn(a, DIGITS) >= a_len, b_number = strspn(b, DIGITS) >= b_len;

	if (a_number != b_number)
		return a_number ? -1 : 1;
	if (a_number && a_len != b_len)
		return a_len < b_len ? -1 : 1;
	int r = memcmp(a, b, a_len < b_len ? a_len : b_len);
	return r != 0 ? r : (a_len > b_len) - (a_len < b_len);
}

static int compare_pre(const char *a, const char *b)
{
	if (!*a || !*b)
		return (*a == '\0') - (*b == '\0');
	while (*a && *b) {
		size_t a_len = strcspn(a, "."), b_len = strcspn(b, ".");
		int r = compare_identifier(a, a_len, b, b_len);
		if (r != 0)
			return r;
		a += a_len + (a[a_len] == '.');
		b += b_len + (b[b_len] == '.');
	}
	return (*a != '\0') - (*b != '\0');
}

int semver_compare(const struct semver *a, const struct semver *b)
{
	for (size_t i = 0; i < 3; i++)
		if (a->numbers[i] != b->numbers[i])
			return a->numbers[i] < b->numbers[i] ? -1 : 1;
	return compare_pre(a->pre, b->pre);
}

/* One part of a requirement: an op and a version that may lack numbers at its end. */
struct comparator {
	char op[3];
	struct semver version;
	size_t given; /* how many numbers there are */
};

static int is_wildcard(char c)
{
	return c == '*' || c == 'x' || c == 'X';
}

static int take_comparator(const char **at, struct comparator *ret)
{
	struct comparator part = {.op = "^"};
	size_t len = strspn(*at, "^~=<>");

	if (len > 2)
		return -EINVAL;
	if (len > 0) {
		memcpy(part.op, *at, len);
		part.op[len] = '\0';
	}
	*at += len;
	*at += strspn(*at, " ");
	int wild = 0;
	for (size_t i = 0; i < 3; i++) {
		if (i > 0 && **at != '.')
			break;
		*at += i > 0;
		if (is_wildcard(**at)) {
			wild = 1;
			++*at;
		} else if (wild || !take_number(at, &part.version.numbers[part.given++])) {
			return -EINVAL;
		}
	}
	if (wild && len == 0)
		memcpy(part.op, "=", 2);
	if (part.given == 3 && !take_tail(at, &part.version))
		return -EINVAL;
	*ret = part;
	return 0;
}

/* The first version behind all that the first `kept` numbers of this one begin. */
static struct semver next_after(const struct semver *version, size_t kept)
{
	struct semver next = {.pre = ""};

	for (size_t i = 0; i < kept; i++)
		next.numbers[i] = version->numbers[i];
	next.numbers[kept - 1]++;
	return next;
}

/* By the numbers alone: 2.0.0-alpha, though before 2.0.0, is not what "^1" means. */
static int is_below(const struct semver *version, const struct semver *bound)
{
	for (size_t i = 0; i < 3; i++)
		if (version->numbers[i] != bound->numbers[i])
			return version->numbers[i] < bound->numbers[i];
	return 0;
}

/* How many leading numbers a caret keeps: up to the first that is not 0. */
static size_t caret_keeps(const struct comparator *part)
{
	size_t kept = 1;

	while (kept < part->given && part->version.numbers[kept - 1] == 0)
		kept++;
	return kept;
}

static int covers(const struct comparator *part, const struct semver *version)
{
	const char *op = part->op;
	int order = semver_compare(version, &part->version);
	int ranged = 0; /* do the numbers given, which begin a range, begin the version? */

	if (part->given == 0)
		return 1;
	if (part->given < 3)
		ranged = memcmp(version->numbers, part->version.numbers,
				part->given * sizeof(version->numbers[0])) == 0;
	if (strcmp(op, "=") == 0)
		return part->given < 3 ? ranged : order == 0;
	if (strcmp(op, "<") == 0)
		return order < 0 && !ranged;
	if (strcmp(op, "<=") == 0)
		return order <= 0 || ranged;
	if (strcmp(op, ">") == 0)
		return order > 0 && !ranged;
	if (strcmp(op, ">=") == 0)
		return order >= 0 || ranged;
	size_t kept = *op == '^' ? caret_keeps(part) : part->given < 2 ? 1 : 2;
	struct semver bound = next_after(&part->version, kept);
	return (order >= 0 || ranged) && is_below(version, &bound);
}

int semver_matches(const char *requirement, const struct semver *version)
{
	static const char *const ops[] = {"^", "~", "=", "<", "<=", ">", ">="};
	int all = 1;

	for (;;) {
		struct comparator part;
		int known = 0;
		requirement += strspn(requirement, " ");
		if (take_comparator(&requirement, &part) < 0)
			return -EINVAL;
		for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
			known |= strcmp(part.op, ops[i]) == 0;
		if (!known)
			return -EINVAL;
		all &= covers(&part, version);
		requirement += strspn(requirement, " ");
		if (*requirement == '\0')
			return all;
		if (*requirement++ != ',')
			return -EINVAL;
	}
}
