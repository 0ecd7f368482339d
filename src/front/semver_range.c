#include "front/semver_range.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A version of which later parts may be missing or x: that many are given. */
struct partial {
	struct semver version;
	int given;
};

static const char pre_letters[] =
	"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-";

/* Reads digits. Returns 0, or -EINVAL when the number is out of all reason. */
static int read_number(const char **text, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (; isdigit((unsigned char)**text); ++*text) {
		if (number > UINT64_C(1) << 50)
			return -EINVAL;
		number = number * 10 + (uint64_t)(**text - '0');
	}
	*ret_number = number;
	return 0;
}

/* What follows a whole version: "-pre" and "+build", the latter without meaning. */
static int read_qualifier(const char **text, char pre[SEMVER_PRE_SIZE])
{
	if (**text == '-') {
		size_t n = strspn(++*text, pre_letters);
		if (n == 0 || n >= SEMVER_PRE_SIZE)
			return -EINVAL;
		memcpy(pre, *text, n);
		pre[n] = '\0';
		*text += n;
	}
	if (**text == '+')
		*text += 1 + strspn(*text + 1, pre_letters);
	return 0;
}

static int read_partial(const char **text, struct partial *partial)
{
	*partial = (struct partial){.given = 0};
	*text += **text == 'v' || **text == 'V' || **text == '=';
	for (int i = 0; i < SEMVER_PARTS; i++) {
		if (i > 0 && **text != '.')
			return 0;
		*text += i > 0;
		if (**text && strchr("xX*", **text)) {
			++*text;
			continue;
		}
		if (!isdigit((unsigned char)**text) ||
		    read_number(text, &partial->version.parts[i]) < 0)
			return -EINVAL;
		/* After an x nothing counts. */
		if (partial->given == i)
			partial->given = i + 1;
		else
			partial->version.parts[i] = 0;
	}
	return partial->given == SEMVER_PARTS ? read_qualifier(text, partial->version.pre) : 0;
}

int semver_coerce(const char *text, struct semver *ret_version)
{
	struct semver version = {.pre = ""};

	text += strcspn(text, "0123456789");
	if (!*text)
		return -EINVAL;
	for (int i = 0; i < SEMVER_PARTS && isdigit((unsigned char)*text); i++) {
		if (read_number(&text, &version.parts[i]) < 0)
			return -EINVAL;
		if (*text == '.' && isdigit((unsigned char)text[1]) && i + 1 < SEMVER_PARTS)
			text++;
	}
	if (read_qualifier(&text, version.pre) < 0)
		version.pre[0] = '\0';
	*ret_version = version;
	return 0;
}

void semver_format(const struct semver *version, char ret_text[SEMVER_TEXT_SIZE])
{
	snprintf(ret_text, SEMVER_TEXT_SIZE, "%llu.%llu.%llu%s%s",
		 (unsigned long long)version->parts[0], (unsigned long long)version->parts[1],
		 (unsigned long long)version->parts[2], version->pre[0] ? "-" : "", version->pre);
}

/* Of two identifiers of a pre-release numbers come first, by their value (semver.org, 11.4). */
static int compare_identifier(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int a_number = strspn(a, "0123456789") >= a_len,
	    b_number = strspn(b, "0123456789") >= b_len;

	if (a_number != b_number)
		return a_number ? -1 : 1;
	if (a_number && a_len != b_len)
		return a_len < b_len ? -1 : 1;
	int r = memcmp(a, b, a_len < b_len ? a_len : b_len);
	return r ? r : (a_len > b_len) - (a_len < b_len);
}

static int compare_pre(const char *a, const char *b)
{
	if (!*a || !*b)
		return !*a - !*b;
	while (*a && *b) {
		size_t a_len = strcspn(a, "."), b_len = strcspn(b, ".");
		int r = compare_identifier(a, a_len, b, b_len);
		if (r)
			return r;
		a += a_len + (a[a_len] == '.');
		b += b_len + (b[b_len] == '.');
	}
	return (*a != '\0') - (*b != '\0');
}

int semver_compare(const struct semver *a, const struct semver *b)
{
	for (int i = 0; i < SEMVER_PARTS; i++)
		if (a->parts[i] != b->parts[i])
			return a->parts[i] < b->parts[i] ? -1 : 1;
	return compare_pre(a->pre, b->pre);
}

/* Is a version below the next one after those that begin with parts 0 to at? */
static int is_below_next(const struct semver *version, const struct semver *from, int at)
{
	struct semver next = {.pre = ""};

	memcpy(next.parts, from->parts, sizeof(next.parts[0]) * (size_t)(at + 1));
	next.parts[at]++;
	return semver_compare(version, &next) < 0;
}

/* How far a caret lets go: to the first part that is not 0 (^0.2.3 stays in 0.2). */
static int caret_part(const struct partial *partial)
{
	for (int i = 0; i < partial->given; i++)
		if (partial->version.parts[i])
			return i;
	return partial->given - 1;
}

enum op { IS, ABOVE, AT_LEAST, BELOW, AT_MOST, TILDE, CARET };

static int holds(const struct semver *version, enum op op, const struct partial *partial)
{
	const struct semver *than = &partial->version;
	int order = semver_compare(version, than), last = partial->given - 1;
	int whole = partial->given == SEMVER_PARTS;

	if (partial->given == 0)
		return op != ABOVE && op != BELOW;
	switch (op) {
	case IS:
		return whole ? order == 0 : order >= 0 && is_below_next(version, than, last);
	case ABOVE:
		return whole ? order > 0 : !is_below_next(version, than, last);
	case AT_LEAST:
		return order >= 0;
	case BELOW:
		return order < 0;
	case AT_MOST:
		return whole ? order <= 0 : is_below_next(version, than, last);
	case TILDE:
		return order >= 0 && is_below_next(version, than, last > 1 ? 1 : last);
	case CARET:
		return order >= 0 && is_below_next(version, than, caret_part(partial));
	}
	return 0;
}

static enum op read_op(const char **text)
{
	static const struct {
		const char *sign;
		enum op op;
	} operators[] = {{">=", AT_LEAST}, {"<=", AT_MOST}, {">", ABOVE}, {"<", BELOW},
			 {"~>", TILDE},	   {"~", TILDE},    {"^", CARET}, {"=", IS}};

	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		size_t n = strlen(operators[i].sign);
		if (strncmp(*text, operators[i].sign, n) != 0)
			continue;
		*text += n;
		*text += strspn(*text, " \t");
		return operators[i].op;
	}
	return IS;
}

/* Comparators up to the next || or the end. Returns 1 when all hold, 0, or -EINVAL. */
static int read_set(const char **text, const struct semver *version)
{
	struct partial partial;
	int all = 1, names_pre = version->pre[0] == '\0';

	for (*text += strspn(*text, " \t"); **text && strncmp(*text, "||", 2) != 0;
	     *text += strspn(*text, " \t")) {
		enum op op = read_op(text);
		if (read_partial(text, &partial) < 0)
			return -EINVAL;
		if (op == IS && strncmp(*text, " - ", 3) == 0) {
			*text += 3 + strspn(*text + 3, " \t");
			all &= holds(version, AT_LEAST, &partial);
			op = AT_MOST;
			if (read_partial(text, &partial) < 0)
				return -EINVAL;
		}
		if (**text && !strchr(" \t|", **text))
			return -EINVAL;
		all &= holds(version, op, &partial);
		names_pre |= partial.version.pre[0] && memcmp(partial.version.parts, version->parts,
							      sizeof(version->parts)) == 0;
	}
	return all && names_pre;
}

int semver_in_range(const struct semver *version, const char *range)
{
	int any = 0;

	for (;;) {
		int r = read_set(&range, version);
		if (r < 0)
			return r;
		any |= r;
		if (!*range)
			return any;
		range += 2;
	}
}
