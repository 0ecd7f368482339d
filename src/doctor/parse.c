#include "doctor/parse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *parse_line(const char **text, size_t *ret_len)
{
	const char *line = *text;

	if (!*line)
		return NULL;
	*ret_len = strcspn(line, "\n");
	*text = line + *ret_len + (line[*ret_len] == '\n');
	return line;
}

int parse_number(const char *text, long long *ret_number)
{
	char *end;

	errno = 0;
	long long number = strtoll(text, &end, 10);
	if (end == text || errno)
		return -EINVAL;
	if (end[strspn(end, " \t\n")])
		return -EINVAL;
	*ret_number = number;
	return 0;
}

/* Digits alone, no sign, up to one of the stop characters or the end of the field. */
static int parse_digits(const char *text, size_t len, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (len == 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(value, 10U, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return -EINVAL;
	*ret_value = value;
	return 0;
}

int parse_release(const char *release, unsigned *ret_major, unsigned *ret_minor)
{
	uint64_t parts[2];

	for (int i = 0; i < 2; i++) {
		size_t len = strspn(release, "0123456789");
		if (len > 6 || parse_digits(release, len, &parts[i]) < 0)
			return -EINVAL;
		release += len;
		if (i == 0 && *release++ != '.')
			return -EINVAL;
	}
	*ret_major = (unsigned)parts[0];
	*ret_minor = (unsigned)parts[1];
	return 0;
}

int parse_field(const char *text, const char *name, int base, unsigned long long *ret_value)
{
	size_t name_len = strlen(name), len;

	for (const char *line; (line = parse_line(&text, &len));) {
		if (len <= name_len || strncmp(line, name, name_len) != 0 || line[name_len] != ':')
			continue;
		char *end;
		const char *value = line + name_len + 1;
		value += strspn(value, " \t");
		if (value >= line + len)
			return -ENOENT;
		errno = 0;
		unsigned long long number = strtoull(value, &end, base);
		if (end == value || errno)
			return -ENOENT;
		*ret_value = number;
		return 0;
	}
	return -ENOENT;
}

int parse_has_file_system(const char *text, const char *name)
{
	size_t name_len = strlen(name), len;

	for (const char *line; (line = parse_line(&text, &len));)
		if (len > name_len && line[len - name_len - 1] == '\t' &&
		    strncmp(line + len - name_len, name, name_len) == 0)
			return 1;
	return 0;
}

int parse_has_module(const char *text, const char *name)
{
	size_t name_len = strlen(name), len;

	for (const char *line; (line = parse_line(&text, &len));) {
		const char *colon = memchr(line, ':', len);
		size_t path_len = colon ? (size_t)(colon - line) : len;
		const char *slash = memrchr(line, '/', path_len);
		const char *file = slash ? slash + 1 : line;
		size_t file_len = path_len - (size_t)(file - line);
		if (file_len > name_len + 2 && strncmp(file, name, name_len) == 0 &&
		    strncmp(file + name_len, ".ko", 3) == 0)
			return 1;
	}
	return 0;
}

int parse_map_covers(const char *text, uint64_t first, uint64_t count)
{
	size_t len;

	for (const char *line; (line = parse_line(&text, &len));) {
		unsigned long long inside, outside, length;
		char copy[128];
		if (len >= sizeof(copy))
			continue;
		memcpy(copy, line, len);
		copy[len] = '\0';
		if (sscanf(copy, "%llu %llu %llu", &inside, &outside, &length) != 3)
			continue;
		if (inside <= first && first - inside < length &&
		    length - (first - inside) >= count)
			return 1;
	}
	return 0;
}

unsigned parse_proc_masks(const char *mountinfo)
{
	static const char harmless[] = "/proc/sys/fs/binfmt_misc";
	unsigned count = 0;
	size_t len;

	for (const char *line; (line = parse_line(&mountinfo, &len));) {
		const char *at = line, *end = line + len;
		/* The fifth field is the mount point. */
		for (int i = 0; at && i < 4; i++) {
			at = memchr(at, ' ', (size_t)(end - at));
			at = at ? at + 1 : NULL;
		}
		if (!at || (size_t)(end - at) < 6 || strncmp(at, "/proc/", 6) != 0)
			continue;
		size_t point_len = 0;
		while (at + point_len < end && at[point_len] != ' ')
			point_len++;
		count += point_len != sizeof(harmless) - 1 || strncmp(at, harmless, point_len) != 0;
	}
	return count;
}

enum cpu_state parse_vulnerability(const char *text)
{
	if (strncmp(text, "KVM: ", 5) == 0) /* of guests of this host */
		return CPU_SAFE;
	if (strncasecmp(text, "Vulnerable", 10) == 0)
		return CPU_OPEN;
	return strcasestr(text, "vulnerable") ? CPU_PARTLY : CPU_SAFE;
}
