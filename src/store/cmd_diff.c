/* `sandlot image diff` */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "store/files.h"
#include "store/print.h"
#include "store/summary.h"
#include "store/uses.h"
#include "store/verb.h"
#include "store/view.h"

enum { EXIT_DIFFER = 1, EXIT_TROUBLE = 2, SHOWN = 20, TEXT_SHOWN = 60, BEFORE = 0, AFTER, SIDES };

struct diff {
	struct store_image images[SIDES];
	int held_fds[SIDES]; /* owned: keep them from being removed */
	struct summary_documents documents[SIDES];
	struct summary summaries[SIDES];
	json_t *json; /* owned: the answer; a member for each kind of thing */
};

static int no_memory(struct error *err)
{
	return error_set(err, -ENOMEM, "diff", "cannot compare the images");
}

/* Compares two objects of texts: {"added": {}, "removed": {}, "changed": {name: [old, new]}}. */
static json_t *compare_maps(const json_t *before, const json_t *after)
{
	json_t *diff = json_pack("{s:{}, s:{}, s:{}}", "added", "removed", "changed");
	json_t *added = json_object_get(diff, "added"), *removed = json_object_get(diff, "removed");
	json_t *changed = json_object_get(diff, "changed"), *value;
	const char *name;
	int failed = !diff;

	json_object_foreach ((json_t *)before, name, value) {
		json_t *other = json_object_get(after, name);
		if (!other)
			failed |= json_object_set(removed, name, value) < 0;
		else if (!json_equal(value, other))
			failed |= json_object_set_new(changed, name,
						      json_pack("[O, O]", value, other)) < 0;
	}
	json_object_foreach ((json_t *)after, name, value)
		if (!json_object_get(before, name))
			failed |= json_object_set(added, name, value) < 0;
	if (failed) {
		json_decref(diff);
		return NULL;
	}
	return diff;
}

static int compare_files(struct diff *diff, const char *keys, struct error *err)
{
	struct view views[SIDES] = {{.is_mounted = 0}, {.is_mounted = 0}};
	json_t *files = NULL;

	int r = view_open(&views[BEFORE], &diff->images[BEFORE], keys, err);
	if (r >= 0)
		r = view_open(&views[AFTER], &diff->images[AFTER], keys, err);
	if (r >= 0)
		r = files_compare(views[BEFORE].top.text, views[AFTER].top.text, &files, err);
	view_close(&views[AFTER]);
	view_close(&views[BEFORE]);
	if (r >= 0 && json_object_set_new(diff->json, "files", files) < 0)
		r = no_memory(err);
	return r;
}

/* From here on without rights. */
static int compare_documents(struct diff *diff, struct error *err)
{
	int r = summary_confine(&diff->images[AFTER], err);
	for (int side = 0; side < SIDES && r >= 0; side++)
		r = summary_parse(&diff->documents[side], &diff->summaries[side], err);
#define X(field, name)                                                                             \
	if (r >= 0 && json_object_set_new(diff->json, name,                                        \
					  compare_maps(diff->summaries[BEFORE].field,              \
						       diff->summaries[AFTER].field)) < 0)         \
		r = no_memory(err);
	SUMMARY_MAPS(X)
#undef X
	return r;
}

static int note_sides(struct diff *diff, struct error *err)
{
	static const char *const names[SIDES] = {"before", "after"};

	for (int side = 0; side < SIDES; side++)
		if (json_object_set_new(diff->json, names[side],
					json_pack("{s:s, s:s}", "name", diff->images[side].name,
						  "id", diff->images[side].id)) < 0)
			return no_memory(err);
	return 0;
}

static size_t count_of(const json_t *kind, const char *what)
{
	const json_t *list = json_object_get(kind, what);

	return json_is_array(list) ? json_array_size(list) : json_object_size(list);
}

static int is_same(const json_t *kind)
{
	return count_of(kind, "added") + count_of(kind, "removed") + count_of(kind, "changed") == 0;
}

/* A text, or the beginning of a long one. */
static void print_short(const json_t *value)
{
	char text[TEXT_SHOWN + 4];
	const char *whole = json_string_value(value);

	snprintf(text, sizeof(text), "%.*s%s", TEXT_SHOWN, whole,
		 strlen(whole) > TEXT_SHOWN ? "..." : "");
	print_text(text);
}

static void print_item(char mark, const char *name, const json_t *value)
{
	printf("  %c ", mark);
	print_text(name);
	if (json_is_array(value)) {
		putchar(' ');
		print_short(json_array_get(value, 0));
		fputs(" -> ", stdout);
		print_short(json_array_get(value, 1));
	} else if (json_is_string(value)) {
		putchar(' ');
		print_short(value);
	}
	putchar('\n');
}

static void print_items(char mark, const json_t *items, size_t most)
{
	size_t count = 0, i;
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)items, name, value)
		print_item(mark, name, value);
	json_array_foreach (items, i, value)
		if (count++ < most)
			print_item(mark, json_string_value(value), NULL);
	if (count > most)
		printf("  %c ... and %zu more (--files names them)\n", mark, count - most);
}

static void print_kind(const char *name, const json_t *kind, size_t most)
{
	if (is_same(kind)) {
		printf("%s: the same\n", name);
		return;
	}
	printf("%s: %zu added, %zu removed, %zu changed\n", name, count_of(kind, "added"),
	       count_of(kind, "removed"), count_of(kind, "changed"));
	print_items('+', json_object_get(kind, "added"), most);
	print_items('-', json_object_get(kind, "removed"), most);
	print_items('~', json_object_get(kind, "changed"), most);
}

/* Every kind of thing that is compared: name in JSON, and for people. */
static const struct {
	const char *name, *title;
} kinds[] = {
	{"tool_chains", "tool chains"}, {"packages", "packages"}, {"crates", "crates"},
	{"settings", "settings"},	{"files", "files"},
};

enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

static int print_diff(const struct diff *diff, const struct options *options, struct error *err)
{
	char titles[SIDES][STORE_TITLE_SIZE];
	int differ = 0;

	for (size_t i = 0; i < KINDS; i++)
		differ |= !is_same(json_object_get(diff->json, kinds[i].name));
	if (options_has(options, OPTION_JSON)) {
		int r = print_json(json_incref(diff->json), err);
		return r < 0 ? r : differ ? EXIT_DIFFER : EXIT_SUCCESS;
	}
	for (int side = 0; side < SIDES; side++)
		store_title(&diff->images[side], titles[side]);
	printf("from %s to %s\n", titles[BEFORE], titles[AFTER]);
	for (size_t i = 0; i < KINDS; i++)
		print_kind(kinds[i].title, json_object_get(diff->json, kinds[i].name),
			   options_has(options, OPTION_FILES) ? SIZE_MAX : (size_t)SHOWN);
	return differ ? EXIT_DIFFER : EXIT_SUCCESS;
}

static int find_images(struct diff *diff, const struct options *options, struct error *err)
{
	struct store store;

	int r = store_open(&store, options->cache, err);
	for (int side = 0; side < SIDES && r >= 0; side++) {
		r = store_find(&store, options->operands[side], options->link, &diff->images[side],
			       err);
		if (r >= 0)
			r = diff->held_fds[side] = uses_hold(&diff->images[side].folder, err);
		if (r >= 0)
			r = summary_load(&diff->images[side], &diff->documents[side], err);
	}
	store_fini(&store);
	return r;
}

static int run(const struct options *options, struct error *err)
{
	struct diff diff = {.held_fds = {-EBADF, -EBADF}, .json = json_object()};

	int r = find_images(&diff, options, err);
	if (r >= 0)
		r = note_sides(&diff, err);
	if (r >= 0)
		r = compare_files(&diff, options->keys, err);
	if (r >= 0)
		r = compare_documents(&diff, err);
	if (r >= 0)
		r = print_diff(&diff, options, err);
	for (int side = 0; side < SIDES; side++) {
		summary_fini(&diff.summaries[side]);
		summary_documents_fini(&diff.documents[side]);
		fd_close(diff.held_fds[side]);
	}
	json_decref(diff.json);
	return r;
}

const struct verb verb_diff = {
	.name = "diff",
	.operands = "BEFORE AFTER",
	.summary = "what is different between two images",
	.help = "Compares two images: versions of tool chains, packages and crates that were\n"
		"added, removed or changed, settings of the languages, and files. Files count\n"
		"as changed when their type, mode, content or link target is another; the first\n"
		"twenty of each kind are named. An image that lies there as an EROFS file alone\n"
		"is verified and mounted to look into it, which needs root. The exit status is\n"
		"0 when the images are the same, 1 when they differ, 2 when they could not be\n"
		"compared.\n",
	.examples = "  sandlot image diff previous current\n"
		    "  sandlot image diff 98df default --files\n"
		    "  sandlot image diff previous current --json | jq .packages.changed\n",
	.options = OPTION_CACHE | OPTION_LINK | OPTION_KEYS | OPTION_JSON | OPTION_FILES,
	.least = 2,
	.most = 2,
	.trouble = EXIT_TROUBLE,
	.run = run,
};
