/* `sandlot image show` */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bake/json.h"
#include "bake/parts.h"
#include "base/fd.h"
#include "store/print.h"
#include "store/signers.h"
#include "store/sizes.h"
#include "store/summary.h"
#include "store/uses.h"
#include "store/verb.h"

/* All that is shown. Gathered with whatever rights we have; what documents say comes last, without
 * any. */
struct show {
	struct store_image image;
	json_t *json; /* owned: the answer */
	struct summary_documents documents;
	struct summary summary;
};

static int set(json_t *object, const char *name, json_t *take_value, struct error *err)
{
	return json_object_set_new(object, name, take_value) < 0
		       ? error_set(err, -ENOMEM, "show", "cannot describe the image")
		       : 0;
}

static json_t *hash_json(const uint8_t hash[RECORD_HASH_BYTES], int is_there)
{
	char hex[2 * RECORD_HASH_BYTES + 1];

	record_hex(hash, hex);
	return is_there ? json_string(hex) : json_null();
}

static int show_record(struct show *show, const struct options *options, struct error *err)
{
	const struct store_image *image = &show->image;
	const struct image_record *record = &image->record;
	struct signers signers;

	int r = signers_open(&signers, options->keys, err);
	if (r >= 0)
		r = set(show->json, "name", json_string(image->name), err);
	if (r >= 0)
		r = set(show->json, "id", json_string(image->id), err);
	if (r >= 0)
		r = set(show->json, "folder", json_string(image->folder.text), err);
	if (r >= 0)
		r = set(show->json, "baked", print_json_time(image->baked_sec), err);
	if (r >= 0)
		r = set(show->json, "forms", json_string(store_forms(image->forms)), err);
	if (r >= 0)
		r = set(show->json, "signature", signers_json(&signers, image), err);
	if (r >= 0)
		r = set(show->json, "tree_sha256",
			hash_json(record->tree_sha256, image->has_record), err);
	if (r >= 0)
		r = set(show->json, "documents_sha256",
			hash_json(record->documents_sha256, image->has_record), err);
	if (r >= 0)
		r = set(show->json, "erofs_sha256",
			hash_json(record->erofs_sha256, record->forms & RECORD_EROFS), err);
	if (r >= 0)
		r = set(show->json, "erofs_bytes", json_integer((json_int_t)record->erofs_bytes),
			err);
	signers_fini(&signers);
	return r;
}

static int show_uses(struct show *show, const struct store *store, const struct options *options,
		     struct error *err)
{
	json_auto_t *links = json_array();
	struct uses uses;

	int r = uses_read(&uses, store, options->link, err);
	for (size_t i = 0; i < uses.count && r >= 0; i++) {
		const struct uses_link *link = &uses.links[i];
		int is_current = strcmp(link->state.current.text, show->image.folder.text) == 0;
		int is_previous = strcmp(link->state.previous.text, show->image.folder.text) == 0;
		if ((is_current || is_previous) &&
		    json_array_append_new(links, json_pack("{s:s, s:b, s:b}", "link",
							   link->link.text, "current", is_current,
							   "previous", is_previous)) < 0)
			r = error_set(err, -ENOMEM, "show", "cannot describe the image");
	}
	uses_fini(&uses);
	if (r >= 0)
		r = set(show->json, "links", json_incref(links), err);
	return r < 0 ? r
		     : set(show->json, "served", json_boolean(uses_is_held(&show->image.folder)),
			   err);
}

/* What each folder at the tree's top takes. */
static int show_folders(struct show *show, struct error *err)
{
	json_auto_t *folders = json_object();
	struct dirent **entries = NULL;
	struct path root, folder;
	uint64_t bytes;

	int r = path_format(&root, err, "%s/" RECORD_TREE_NAME, show->image.folder.text);
	if (r < 0)
		return r;
	int count = scandir(root.text, &entries, NULL, alphasort);
	if (count < 0 && errno != ENOENT)
		return error_set(err, -errno, "show", "cannot read %s", root.text);
	for (int i = 0; i < count; i++) {
		if (r >= 0 && entries[i]->d_name[0] != '.')
			r = path_format(&folder, err, "%s/%s", root.text, entries[i]->d_name);
		if (r >= 0 && entries[i]->d_name[0] != '.')
			r = sizes_of_folder(folder.text, &bytes, err);
		if (r >= 0 && entries[i]->d_name[0] != '.')
			r = set(folders, entries[i]->d_name, json_integer((json_int_t)bytes), err);
		free(entries[i]);
	}
	free(entries);
	return r < 0 ? r : set(show->json, "folders", json_incref(folders), err);
}

/* What each part of the cache takes that it was made from, as far as they are still there. */
static int show_parts(struct show *show, const struct store *store, struct error *err)
{
	json_auto_t *sizes = json_object();
	struct parts parts = {.text = NULL};
	struct path part, name;
	uint64_t bytes;
	int r = 0, len;

	if (parts_read(show->image.folder.text, &parts, NULL) < 0)
		return 0;
	for (const char *line = NULL; r >= 0 && (line = parts_next(&parts, line, &len));) {
		r = path_format(&name, err, "%.*s", len, line);
		if (r >= 0)
			r = path_format(&part, err, "%s/%s", store->cache.text, name.text);
		if (r < 0 || !path_exists(part.text))
			continue;
		r = sizes_of_folder(part.text, &bytes, err);
		if (r >= 0)
			r = set(sizes, name.text, json_integer((json_int_t)bytes), err);
	}
	parts_fini(&parts);
	return r < 0 ? r : set(show->json, "parts", json_incref(sizes), err);
}

static int show_sizes(struct show *show, const struct store *store, struct error *err)
{
	struct image_size size;
	uint64_t total;

	int r = sizes_of_images(&show->image, 1, &size, &total, err);
	if (r >= 0)
		r = set(show->json, "bytes", json_integer((json_int_t)size.bytes), err);
	if (r >= 0)
		r = show_folders(show, err);
	return r < 0 ? r : show_parts(show, store, err);
}

/* From here on without rights. */
static int show_documents(struct show *show, struct error *err)
{
	struct summary *summary = &show->summary;

	int r = summary_confine(&show->image, err);
	if (r >= 0)
		r = summary_parse(&show->documents, summary, err);
	if (r >= 0)
		r = set(show->json, "tool_chains", json_incref(summary->tools), err);
	if (r >= 0)
		r = set(show->json, "packages",
			json_integer((json_int_t)json_object_size(summary->packages)), err);
	if (r >= 0)
		r = set(show->json, "crates",
			json_integer((json_int_t)json_object_size(summary->crates)), err);
	if (r >= 0 && summary->vetting)
		r = set(show->json, "vetting", json_incref(summary->vetting), err);
	return r;
}

static void print_sizes(const char *title, const json_t *sizes)
{
	const char *name;
	json_t *value;

	if (json_object_size(sizes) > 0)
		printf("%s\n", title);
	json_object_foreach ((json_t *)sizes, name, value) {
		char bytes[PRINT_SIZE];
		print_bytes((uint64_t)json_integer_value(value), bytes);
		printf("  %9s  ", bytes);
		print_text(name);
		putchar('\n');
	}
}

static void print_line(const char *title, const char *text)
{
	printf("%-12s", title);
	print_text(text ? text : "-");
	putchar('\n');
}

static void print_signature(const struct show *show)
{
	const json_t *signature = json_object_get(show->json, "signature");
	const char *key = json_text(signature, "key"), *expires = json_text(signature, "expires");

	printf("%-12s%s", "Signature", json_text(signature, "state"));
	if (key)
		printf(", by %s", key);
	if (json_text(signature, "signed"))
		printf(" on %s, expires %s", json_text(signature, "signed"),
		       expires ? expires : "never");
	putchar('\n');
	if (!show->image.has_record)
		print_line("", show->image.record_fault);
}

static void print_uses(const struct show *show)
{
	const json_t *link;
	size_t i;

	if (json_is_true(json_object_get(show->json, "served")))
		print_line("Served", "by a running server, or read by another command");
	json_array_foreach (json_object_get(show->json, "links"), i, link)
		print_line(json_is_true(json_object_get(link, "current")) ? "In use by"
									  : "Previous of",
			   json_text(link, "link"));
}

static void print_contents(const struct show *show)
{
	const json_t *vetting = show->summary.vetting;
	const char *name;
	json_t *value;

	json_object_foreach (show->summary.tools, name, value) {
		printf("%-12s", name == json_object_iter_key(json_object_iter(show->summary.tools))
					? "Tool chains"
					: "");
		print_text(name);
		putchar(' ');
		print_text(json_string_value(value));
		putchar('\n');
	}
	printf("%-12s%zu\n", "Packages", json_object_size(show->summary.packages));
	printf("%-12s%zu", "Crates", json_object_size(show->summary.crates));
	if (vetting)
		printf(" (%" JSON_INTEGER_FORMAT " audited, %" JSON_INTEGER_FORMAT
		       " exempted: unreviewed)",
		       json_integer_value(json_object_get(vetting, "audited")),
		       json_integer_value(json_object_get(vetting, "exempted_unreviewed")));
	putchar('\n');
}

static void print_show(const struct show *show)
{
	char size[PRINT_SIZE], baked[PRINT_SIZE];

	print_bytes((uint64_t)json_integer_value(json_object_get(show->json, "bytes")), size);
	print_time(show->image.baked_sec, baked);
	print_line("Name", show->image.name);
	print_line("Id", show->image.id);
	print_line("Folder", show->image.folder.text);
	print_line("Baked", baked);
	print_line("Forms", store_forms(show->image.forms));
	print_line("Size", size);
	print_signature(show);
	print_uses(show);
	print_contents(show);
	print_line("Tree", json_text(show->json, "tree_sha256"));
	print_line("EROFS file", json_text(show->json, "erofs_sha256"));
	print_line("Documents", json_text(show->json, "documents_sha256"));
	print_sizes("Folders", json_object_get(show->json, "folders"));
	print_sizes("Made from", json_object_get(show->json, "parts"));
}

static int gather(struct show *show, const struct options *options, struct error *err)
{
	struct store store;

	int r = store_open(&store, options->cache, err);
	if (r >= 0)
		r = store_find(&store, options->operands[0], options->link, &show->image, err);
	if (r >= 0)
		r = show_record(show, options, err);
	if (r >= 0)
		r = show_uses(show, &store, options, err);
	if (r >= 0)
		r = show_sizes(show, &store, err);
	store_fini(&store);
	return r < 0 ? r : summary_load(&show->image, &show->documents, err);
}

static int run(const struct options *options, struct error *err)
{
	struct show show = {.json = json_object()};

	int r = gather(&show, options, err);
	if (r >= 0)
		r = show_documents(&show, err);
	if (r >= 0 && options_has(options, OPTION_JSON))
		r = print_json(json_incref(show.json), err);
	else if (r >= 0)
		print_show(&show);
	summary_fini(&show.summary);
	summary_documents_fini(&show.documents);
	json_decref(show.json);
	return r;
}

const struct verb verb_show = {
	.name = "show",
	.operands = "IMAGE",
	.summary = "what one image is and what is in it",
	.help = "Shows all there is to know of an image: its record (name, id, hashes, when it\n"
		"was baked, who signed it), who uses it, tool chains with their versions, how\n"
		"many packages and crates, what of the crates was audited, and what the folders\n"
		"of its tree and the parts it was made from take on the disk.\n",
	.examples = "  sandlot image show current\n"
		    "  sandlot image show 98dfc25547a5 --json\n",
	.options = OPTION_CACHE | OPTION_LINK | OPTION_KEYS | OPTION_JSON,
	.least = 1,
	.most = 1,
	.run = run,
};
