/* `sandlot image verify` */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bake/definition.h"
#include "bake/image_name.h"
#include "bake/vet_check.h"
#include "base/clock.h"
#include "store/check.h"
#include "store/selftest.h"
#include "store/print.h"
#include "store/verb.h"

/* One image's verdict. */
struct verified {
	struct store_image image;
	struct verdict verdict;
	uint64_t usec; /* it took */
	int violations;
	char reasons[VET_REASONS_SIZE]; /* of violations, a line each */
	struct selftest_verdict selftest;
};

static int is_good(const struct options *options, const struct verified *verified)
{
	const struct verdict *verdict = &verified->verdict;

	if (verified->violations > 0 || verified->selftest.failed)
		return 0;
	return verdict->code == VERDICT_OK ||
	       (verdict->code == VERDICT_UNSIGNED && options_has(options, OPTION_UNSIGNED));
}

static void print_verified(const struct verified *verified)
{
	char title[STORE_TITLE_SIZE], sentence[VERDICT_SENTENCE_MAX];

	store_title(&verified->image, title);
	verdict_sentence(&verified->verdict, title, sentence);
	printf("%s", sentence);
	if (verified->verdict.code == VERDICT_OK)
		printf(", by %s (%s, %" PRIu64 ".%" PRIu64 " s)", verified->verdict.signer,
		       store_forms(verified->image.forms), verified->usec / USEC_PER_SEC,
		       verified->usec / (USEC_PER_SEC / 10) % 10);
	putchar('\n');
	fputs(verified->reasons, stdout);
	if (verified->selftest.sentence[0])
		printf("%s: self-test: %s\n%s", title, verified->selftest.sentence,
		       verified->selftest.printed);
	fflush(stdout);
}

static json_t *verified_json(const struct verified *verified)
{
	const struct verdict *verdict = &verified->verdict;
	char title[STORE_TITLE_SIZE], sentence[VERDICT_SENTENCE_MAX];

	store_title(&verified->image, title);
	verdict_sentence(verdict, title, sentence);
	const struct selftest_verdict *selftest = &verified->selftest;
	const char *word = !selftest->sentence[0] ? NULL : selftest->failed ? "failed" : "passed";
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:s, s:i, s:s, s:s?, s:s}", "name",
			 verified->image.name, "id", verified->image.id, "folder",
			 verified->image.folder.text, "verdict", verdict_word(verdict->code),
			 "detail", verdict->text, "signer",
			 verdict->signer[0] ? verdict->signer : NULL, "sentence", sentence,
			 "violations", verified->violations, "reasons", verified->reasons,
			 "selftest", word, "selftest_sentence", selftest->sentence);
}

/* The crate set whose audits tell: as given, or of the definition that has the image's name. */
static int find_audits(const struct options *options, const char *name, struct path *ret_set,
		       struct error *err)
{
	struct definition *definition = NULL;
	struct path folder;

	if (options->audits)
		return path_format(ret_set, err, "%s", options->audits);
	*ret_set = (struct path){.text = ""};
	if (image_name_find(name, &folder, NULL) < 0 ||
	    definition_read(folder.text, &definition, NULL) < 0)
		return 0; /* it is not at hand, or not what it was */
	*ret_set = definition->crates;
	definition_free(definition);
	return 0;
}

/* Is there a crate in it that is known, by now, to be bad? An image without crates has none. */
static int look_for_violations(const struct options *options, struct verified *verified,
			       struct error *err)
{
	struct path set;

	int r = find_audits(options, verified->image.name, &set, err);
	if (r < 0 || !set.text[0])
		return r;
	r = vet_check_image(verified->image.folder.text, set.text, verified->reasons, err);
	if (r == -ENOENT && !options->audits)
		return 0;
	verified->violations = r < 0 ? 0 : r;
	return r < 0 ? r : 0;
}

/* Whoever calls reads the manifest: only when it is what a trusted key has signed. */
static int run_selftest(const struct options *options, struct verified *verified, struct error *err)
{
	struct selftest_verdict *selftest = &verified->selftest;

	if (!is_good(options, verified))
		return 0;
	if (verified->verdict.code == VERDICT_OK)
		return image_selftest(&verified->image, selftest, err);
	selftest->failed = 1;
	snprintf(selftest->sentence, sizeof(selftest->sentence),
		 "not run, for nobody has signed the image; see sandlot image sign");
	return 0;
}

static int verify_one(const struct options *options, const struct store *store, const char *name,
		      struct verified *ret_verified, struct error *err)
{
	uint64_t started = clock_monotonic_usec();

	int r = store_find(store, name, options->link, &ret_verified->image, err);
	if (r >= 0)
		r = check_image(&ret_verified->image, CHECK_FULL, options->keys,
				&ret_verified->verdict, err);
	ret_verified->usec = clock_monotonic_usec() - started;
	ret_verified->violations = 0;
	ret_verified->reasons[0] = '\0';
	ret_verified->selftest = (struct selftest_verdict){.failed = 0};
	if (r >= 0)
		r = look_for_violations(options, ret_verified, err);
	if (r >= 0 && options_has(options, OPTION_SELFTEST))
		r = run_selftest(options, ret_verified, err);
	return r;
}

static int verify_all(const struct options *options, const struct store *store, json_t *answers,
		      struct error *err)
{
	int status = EXIT_SUCCESS;

	for (size_t i = 0; i < options->operand_count; i++) {
		struct verified verified;
		int r = verify_one(options, store, options->operands[i], &verified, err);
		if (r < 0)
			return r;
		if (!is_good(options, &verified))
			status = EXIT_FAILURE;
		if (!options_has(options, OPTION_JSON))
			print_verified(&verified);
		else if (json_array_append_new(answers, verified_json(&verified)) < 0)
			return error_set(err, -ENOMEM, "verify", "cannot print the answer");
	}
	return status;
}

static int run(const struct options *options, struct error *err)
{
	json_auto_t *answers = json_array();
	struct store store;

	int status = store_open(&store, options->cache, err);
	if (status >= 0)
		status = verify_all(options, &store, answers, err);
	store_fini(&store);
	if (status < 0 || !options_has(options, OPTION_JSON))
		return status;
	int r = print_json(json_incref(answers), err);
	return r < 0 ? r : status;
}

const struct verb verb_verify = {
	.name = "verify",
	.operands = "IMAGE...",
	.summary = "check every byte of an image against its signature",
	.help = "Reads all of an image, in each form it lies there in, and its documents, and\n"
		"compares them with its record; checks that the record is signed with a key\n"
		"that is trusted here, and that neither has expired. This is what a server does\n"
		"before it takes an image for the first time. Names the first file that\n"
		"differs. Also looks for crates in it that an audit, by now, speaks against.\n"
		"With --selftest each language's programs are compiled and run as well, in\n"
		"cells, when all else is well: the first that does not end or print as it should\n"
		"is named, with what differs.\n"
		"The exit status is 1 when an image is not as it was signed, has such a crate, or\n"
		"fails a self-test.\n",
	.examples = "  sandlot image verify current\n"
		    "  sandlot image verify --keys ./keys /srv/sandlot/image\n"
		    "  sandlot image verify --selftest polyglot\n"
		    "  sandlot image verify --json default | jq -r '.[].verdict'\n",
	.options = OPTION_CACHE | OPTION_LINK | OPTION_KEYS | OPTION_JSON | OPTION_UNSIGNED |
		   OPTION_AUDITS | OPTION_SELFTEST,
	.least = 1,
	.most = 64,
	.run = run,
};
