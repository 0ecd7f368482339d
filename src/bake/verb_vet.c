/* `sandlot bake vet`. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bake/crates.h"
#include "bake/image_name.h"
#include "bake/vendor.h"
#include "bake/verb.h"
#include "bake/vet_audits.h"
#include "bake/vet_record.h"

static const char help[] =
	"Usage: sandlot bake vet [list] [--all | --document] [OPTION]...\n"
	"       sandlot bake vet import FILE --source \"NAME, ADDRESS, DATE\" [OPTION]...\n"
	"       sandlot bake vet record CRATE VERSION --who WHO --criteria CRITERIA --notes TEXT\n"
	"       sandlot bake vet record CRATE \"FROM -> TO\" --who ...\n"
	"       sandlot bake vet record CRATE --violation VERSIONS --who ...\n"
	"       sandlot bake vet check IMAGE\n"
	"Who has looked at the crates of an image, and whether its policy accepts what they are.\n"
	"\n"
	"  list    fetch and read the crates, and show those that lack an audit\n"
	"  import  keep a file of audits that others published (cargo-vet's audits.toml or\n"
	"          imports.lock), unchanged, with where it is from and its SHA-256\n"
	"  record  add an audit of your own to audits.toml: say only what you did look at\n"
	"  check   does an audit known now speak against what an image was baked with?\n"
	"\n"
	"  --all             list every crate\n"
	"  --document        print vetting.json instead\n"
	"  --source TEXT     who published the file, where, and when it was fetched (YYYY-MM-DD)\n"
	"  --who TEXT        who made the audit, e.g. \"Ann Example <ann@example.org>\"\n"
	"  --criteria NAME   safe-to-run or safe-to-deploy, as cargo-vet defines them\n"
	"  --notes TEXT      what was looked at and what was found\n"
	"  --violation REQ   these versions do not meet the criteria, e.g. \"<1.2.3\"\n"
	"  --image IMAGE     the image whose crates are meant; otherwise default\n"
	"  --cache DIR       as in sandlot bake --help\n"
	"  --help            show this\n"
	"\n"
	"Examples:\n"
	"  sandlot bake vet\n"
	"  sandlot bake vet import audits.toml --source \"Example Corp, example.org/audits.toml, "
	"2026-11-21\"\n"
	"  sandlot bake vet record itoa 1.0.18 --who \"Ann Example <ann@example.org>\" \\\n"
	"    --criteria safe-to-run --notes \"Read all of src; no build script.\"\n"
	"  sandlot bake vet check build/image\n";

static const struct verb_option options_known[] = {
	VERB_OPTION("all", FLAG, vet.all),
	VERB_OPTION("document", FLAG, vet.document),
	VERB_OPTION("source", TEXT, vet.source),
	VERB_OPTION("who", TEXT, vet.who),
	VERB_OPTION("criteria", TEXT, vet.criteria),
	VERB_OPTION("notes", TEXT, vet.notes),
	VERB_OPTION("violation", TEXT, vet.violation),
	VERB_OPTION("image", TEXT, image),
	VERB_OPTION("cache", TEXT, cache),
};

/* What one word behind `vet` does. words: those behind it. Returns an exit status. */
typedef int vet_function(const struct bake_options *options, const char *const *words,
			 size_t count);

static int usage(const char *why)
{
	fprintf(stderr, "sandlot bake vet: %s; try sandlot bake vet --help\n", why);
	return VERB_EXIT_USAGE;
}

/* Reads the image's definition, which must have crates. */
static int find_set(const struct bake_options *options, struct definition **ret_definition,
		    struct error *err)
{
	const char *image = options->image ? options->image : "default";
	struct path folder;

	int r = image_name_find(image, &folder, err);
	if (r >= 0)
		r = definition_read(folder.text, ret_definition, err);
	if (r < 0 || (*ret_definition)->crates.text[0])
		return r;
	*ret_definition = definition_free(*ret_definition);
	return error_set_plain(err, -EINVAL, "vet", "%s/image.json has no crate_set", folder.text);
}

/* ---- list ---- */

static void print_traits(const struct vet_state *state)
{
	const char *traits[4];
	size_t count = 0;

	if (state->build_script)
		traits[count++] = "build script";
	if (state->proc_macro)
		traits[count++] = "procedural macro";
	if (state->native_files > 0)
		traits[count++] = "native files";
	if (state->links)
		traits[count++] = "links";
	for (size_t i = 0; i < count; i++)
		printf("%s%s", i ? ", " : "", traits[i]);
	putchar('\n');
}

static void print_list(const struct bake *bake, int all)
{
	printf("%-28s %-16s %-20s %8s  %-36s %s\n", "crate", "version", "vetting", "unsafe",
	       "licence", "has");
	for (size_t i = 0; i < bake->vetting.count; i++) {
		const struct cargo_package *package = &bake->cargo_lock.packages[i];
		const struct vet_state *state = &bake->vetting.states[i];
		if (package->is_root || (state->audited && !all))
			continue;
		printf("%-28s %-16s %-20s %8llu  %-36s ", package->name, package->version,
		       state->audited ? vet_criteria_name(state->criteria) : VET_EXEMPTED,
		       (unsigned long long)state->unsafe_occurrences, state->licence);
		print_traits(state);
	}
	printf("%zu crates: %zu audited, %zu exempted: unreviewed\n",
	       bake->vetting.audited + bake->vetting.exempted, bake->vetting.audited,
	       bake->vetting.exempted);
}

static int vet_crates(struct bake *bake, const struct bake_options *options, struct error *err)
{
	struct path vendor;

	progress_init(&bake->progress, STAGE_COUNT - 1, 0);
	bake->cache.lock_fd = -EBADF;
	int r = find_set(options, &bake->definition, err);
	if (r >= 0)
		r = cache_open(&bake->cache, options->cache, &bake->progress, err);
	if (r >= 0)
		r = vendor_lock(bake, &bake->cargo_lock, err);
	if (r >= 0)
		r = vendor_bake(bake, &bake->cargo_lock, &vendor, err);
	if (r >= 0)
		r = crates_vet(bake, vendor.text, err);
	progress_clear(&bake->progress);
	return r;
}

static int run_list(const struct bake_options *options, const char *const *words, size_t count)
{
	struct error err = {.code = 0};
	int status = EXIT_SUCCESS;

	(void)words;
	if (count > 0)
		return usage("list wants no further word");
	struct bake *bake = calloc(1, sizeof(*bake));
	if (!bake) {
		error_set(&err, -ENOMEM, "vet", "cannot list the crates");
		return verb_fail(&err, "");
	}
	if (vet_crates(bake, options, &err) < 0)
		status = verb_fail(&err, bake->tail);
	else if (options->vet.document)
		fwrite(bake->vetting.document, 1, bake->vetting.document_len, stdout);
	else
		print_list(bake, options->vet.all);
	bake_fini(bake);
	free(bake);
	return status;
}

/* ---- import, record, check ---- */

static int run_import(const struct bake_options *options, const char *const *words, size_t count)
{
	struct definition *definition = NULL;
	struct vet_file_counts counts;
	struct error err = {.code = 0};

	if (count != 1 || !options->vet.source)
		return usage("import wants one file and --source");
	const struct vet_import import = {.file = words[0], .source = options->vet.source};
	int r = find_set(options, &definition, &err);
	if (r >= 0)
		r = vet_import_add(definition->crates.text, &import, &counts, &err);
	definition_free(definition);
	if (r < 0)
		return verb_fail(&err, "");
	printf("%s: kept; audits: %zu, violations: %zu, rows that count for nothing (wildcards, "
	       "trust, not for others): %zu\n",
	       import.file, counts.audits, counts.violations, counts.left_out);
	return EXIT_SUCCESS;
}

static int run_record(const struct bake_options *options, const char *const *words, size_t count)
{
	const struct bake_vet_options *vet = &options->vet;
	struct vet_record record = {.violation = vet->violation,
				    .who = vet->who,
				    .criteria = vet->criteria,
				    .notes = vet->notes};
	struct definition *definition = NULL;
	struct error err = {.code = 0};

	if (count != (vet->violation ? 1 : 2))
		return usage("record wants a crate, and a version, \"FROM -> TO\" or --violation");
	record.crate = words[0];
	if (count == 2 && strstr(words[1], "->"))
		record.delta = words[1];
	else if (count == 2)
		record.version = words[1];
	int r = find_set(options, &definition, &err);
	if (r >= 0)
		r = vet_record_add(definition->crates.text, &record, &err);
	definition_free(definition);
	return r < 0 ? verb_fail(&err, "") : EXIT_SUCCESS;
}

static int run_check(const struct bake_options *options, const char *const *words, size_t count)
{
	char reasons[VET_REASONS_SIZE];
	struct definition *definition = NULL;
	struct error err = {.code = 0};

	if (count != 1)
		return usage("check wants the folder of a baked image");
	int r = find_set(options, &definition, &err);
	if (r >= 0)
		r = vet_check_image(words[0], definition->crates.text, reasons, &err);
	definition_free(definition);
	if (r < 0)
		return verb_fail(&err, "");
	printf("%s%d violation%s\n", reasons, r, r == 1 ? "" : "s");
	return r > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static const struct {
	const char *name;
	vet_function *run;
} functions[] = {
	{"list", run_list},
	{"import", run_import},
	{"record", run_record},
	{"check", run_check},
};

static int run(const struct bake_options *options)
{
	size_t count = options->argument_count;
	const char *name = count > 0 ? options->arguments[0] : "list";

	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
		if (strcmp(functions[i].name, name) == 0)
			return functions[i].run(options, options->arguments + (count > 0),
						count - (count > 0));
	return usage("list, import, record and check are what it does");
}

const struct verb verb_vet = {
	.name = "vet",
	.what = "who audited the crates; import and record audits",
	.help = help,
	.options = options_known,
	.option_count = sizeof(options_known) / sizeof(options_known[0]),
	.arguments_min = 0,
	.arguments_max = 3,
	.run = run,
};
