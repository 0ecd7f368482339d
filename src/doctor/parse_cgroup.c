#include "doctor/parse_cgroup.h"

#include <stdio.h>
#include <string.h>

#include "doctor/parse.h"

static const char *const controller_names[CGROUP_CONTROLLERS] = {"memory", "pids", "cpu", "cpuacct",
								 "freezer"};

const char *cgroup_controller_name(enum cgroup_controller controller)
{
	return controller_names[controller];
}

int cgroup_has_word(const char *list, size_t len, const char *word)
{
	size_t word_len = strlen(word);

	for (size_t at = 0; at < len;) {
		size_t part = 0;
		while (at + part < len && list[at + part] && !strchr(", \t\n", list[at + part]))
			part++;
		if (part == word_len && memcmp(list + at, word, part) == 0)
			return 1;
		at += part + 1;
	}
	return 0;
}

static int is_octal(char c)
{
	return c >= '0' && c <= '7';
}

void cgroup_unescape(char *text)
{
	char *out = text;

	while (*text) {
		if (text[0] == '\\' && is_octal(text[1]) && is_octal(text[2]) &&
		    is_octal(text[3])) {
			*out++ = (char)((text[1] - '0') * 64 + (text[2] - '0') * 8 +
					(text[3] - '0'));
			text += 4;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

/* A mount of a cgroup file system. */
struct mount {
	char root[CGROUP_DIR_MAX], point[CGROUP_DIR_MAX];
	int version;
	int read_only;
	const char *options; /* of the file system: v1's controllers */
	size_t options_len;
};

/* The next field of a line, cut at spaces. Returns where the rest begins, or NULL. */
static const char *field_next(const char *at, const char *end, const char **ret_field,
			      size_t *ret_len)
{
	if (!at || at >= end)
		return NULL;
	const char *space = memchr(at, ' ', (size_t)(end - at));
	*ret_field = at;
	*ret_len = (size_t)((space ? space : end) - at);
	return space ? space + 1 : end;
}

static int copy_path(char *ret_path, const char *text, size_t len)
{
	if (len >= CGROUP_DIR_MAX)
		return 0;
	memcpy(ret_path, text, len);
	ret_path[len] = '\0';
	cgroup_unescape(ret_path);
	return 1;
}

/* ID PARENT MAJOR:MINOR ROOT POINT OPTIONS [TAG]... - TYPE SOURCE SUPER-OPTIONS */
static int parse_mount(const char *line, size_t len, struct mount *ret_mount)
{
	const char *end = line + len, *at = line, *fields[6], *type, *source;
	size_t lens[6], type_len, source_len;
	const char *dash = memmem(line, len, " - ", 3);

	if (!dash)
		return 0;
	for (int i = 0; i < 6; i++)
		if (!(at = field_next(at, dash, &fields[i], &lens[i])))
			return 0;
	at = field_next(dash + 3, end, &type, &type_len);
	at = field_next(at, end, &source, &source_len);
	at = field_next(at, end, &ret_mount->options, &ret_mount->options_len);
	if (!at)
		return 0;
	if (type_len == 7 && strncmp(type, "cgroup2", 7) == 0)
		ret_mount->version = 2;
	else if (type_len == 6 && strncmp(type, "cgroup", 6) == 0)
		ret_mount->version = 1;
	else
		return 0;
	ret_mount->read_only = cgroup_has_word(fields[5], lens[5], "ro");
	return copy_path(ret_mount->root, fields[3], lens[3]) &&
	       copy_path(ret_mount->point, fields[4], lens[4]);
}

/* Puts together where the caller's folder (path in the hierarchy) is seen below the mount. */
static void place_set(struct cgroup_place *place, const struct mount *mount, const char *path)
{
	size_t root_len = strcmp(mount->root, "/") == 0 ? 0 : strlen(mount->root);
	const char *below = path;

	if (strncmp(path, mount->root, root_len) != 0 ||
	    (path[root_len] != '\0' && path[root_len] != '/') || strncmp(path, "/..", 3) == 0)
		below = ""; /* outside of what the mount shows */
	else
		below = path + root_len;
	if (strcmp(below, "/") == 0)
		below = "";
	snprintf(place->mount, sizeof(place->mount), "%s", mount->point);
	int n = snprintf(place->own, sizeof(place->own), "%s%s", mount->point, below);
	if (n < 0 || (size_t)n >= sizeof(place->own))
		snprintf(place->own, sizeof(place->own), "%s", mount->point);
	place->read_only = mount->read_only;
}

/* The path of the hierarchy in /proc/self/cgroup that has this controller; NULL: the v2 one. */
static int own_path(const char *own, const char *controller, char *ret_path)
{
	size_t len;

	for (const char *line; (line = parse_line(&own, &len));) {
		const char *end = line + len;
		const char *list = memchr(line, ':', len);
		const char *path = list ? memchr(list + 1, ':', (size_t)(end - list - 1)) : NULL;
		if (!path)
			continue;
		size_t list_len = (size_t)(path - list - 1);
		size_t path_len = (size_t)(end - path - 1);
		int found = controller ? cgroup_has_word(list + 1, list_len, controller)
				       : list_len == 0 && line[0] == '0' && list == line + 1;
		if (!found || path_len >= CGROUP_DIR_MAX)
			continue;
		memcpy(ret_path, path + 1, path_len);
		ret_path[path_len] = '\0';
		return 1;
	}
	return 0;
}

static void take_mount(const char *own, const struct mount *mount, struct cgroup_layout *layout)
{
	char path[CGROUP_DIR_MAX];

	/* The first mount of a hierarchy counts. */
	if (mount->version == 2) {
		if (!layout->v2.mount[0] && own_path(own, NULL, layout->v2_path))
			place_set(&layout->v2, mount, layout->v2_path);
		return;
	}
	for (unsigned i = 0; i < CGROUP_CONTROLLERS; i++)
		if (!layout->v1[i].mount[0] &&
		    cgroup_has_word(mount->options, mount->options_len, controller_names[i]) &&
		    own_path(own, controller_names[i], path))
			place_set(&layout->v1[i], mount, path);
}

void parse_cgroups(const char *own, const char *mountinfo, struct cgroup_layout *ret_layout)
{
	struct cgroup_layout layout = {0};
	int has_v1 = 0;
	size_t len;

	for (const char *line; (line = parse_line(&mountinfo, &len));) {
		struct mount mount;
		if (parse_mount(line, len, &mount))
			take_mount(own, &mount, &layout);
	}
	for (unsigned i = 0; i < CGROUP_CONTROLLERS; i++)
		has_v1 |= layout.v1[i].mount[0] != '\0';
	if (layout.v2.mount[0])
		layout.kind = has_v1 ? CGROUP_HYBRID : CGROUP_V2;
	else
		layout.kind = has_v1 ? CGROUP_V1 : CGROUP_NONE;
	*ret_layout = layout;
}
