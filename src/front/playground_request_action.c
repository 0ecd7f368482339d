#include "front/playground_request_internal.h"

#include <string.h>

#include "front/json_read.h"

/* The tools' requests: each is an action with options of its own. */

static const char *const targets[] = {"asm", "llvm-ir", "mir", "hir", "wasm", NULL};
static const char *const flavors[] = {"att", "intel", NULL};
static const char *const demangle[] = {"demangle", "mangle", NULL};
static const char *const process[] = {"filter", "raw", NULL};
static const char *const aliasing[] = {"stacked", "tree", NULL};

/* How assembly is to look: read for all targets, as its server does it, and heeded by one. */
static int read_assembly(const json_t *body, struct playground_request *request, struct error *err)
{
	static const struct {
		const char *key, *option, *what;
		const char *const *choices;
	} fields[] = {
		{"assemblyFlavor", "assembly_flavor", "assembly flavor", flavors},
		{"demangleAssembly", "demangle_assembly", "demangle option", demangle},
		{"processAssembly", "process_assembly", "assembly processing option", process},
	};
	int is_asm = strcmp(request->job.action, "asm") == 0;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *value = NULL;
		int r = json_get_text(body, "", fields[i].key, JSON_OPTIONAL, &value, err);
		if (r >= 0 && is_asm)
			r = playground_check_choice(value, fields[i].choices, fields[i].what, err);
		if (r < 0)
			return r;
		if (is_asm)
			playground_add_option(request, fields[i].option, value);
	}
	return 0;
}

int playground_request_read_compile(const json_t *body, struct playground_request *ret_request,
				    struct error *err)
{
	struct playground_choice choice;
	const char *target = NULL;
	int r = playground_read_fields(body, ret_request, &choice, err);

	if (r >= 0)
		r = json_get_text(body, "", "target", JSON_REQUIRED, &target, err);
	if (r >= 0)
		r = playground_check_choice(target, targets, "target", err);
	if (r >= 0)
		r = playground_choice_check(&choice, err);
	if (r < 0)
		return r;
	/* Nothing is run. */
	choice.backtrace = 0;
	playground_choice_apply(&choice, ret_request);
	ret_request->build.command = CARGO_RUSTC;
	ret_request->job.action = target;
	ret_request->job.plain = 1;
	return read_assembly(body, ret_request, err);
}

/* Fields that several tools have; those a tool has not are left NULL. */
struct tool {
	const char *action;
	enum cargo_command command;
	int has_channel, has_crate_type, has_tests;
};

static int read_tool(const json_t *body, struct playground_request *request,
		     const struct tool *tool, struct error *err)
{
	struct playground_choice choice = {.edition = ""};
	int r = 0;

	memset(request, 0, sizeof(*request));
	if (tool->has_channel) {
		choice.channel = "nightly";
		r = json_get_text(body, "", "channel", JSON_OPTIONAL, &choice.channel, err);
	}
	if (r >= 0 && tool->has_crate_type) {
		choice.crate_type = "bin";
		r = json_get_text(body, "", "crateType", JSON_OPTIONAL, &choice.crate_type, err);
	}
	if (r >= 0)
		r = json_get_text(body, "", "edition", JSON_OPTIONAL, &choice.edition, err);
	if (r >= 0 && tool->has_tests)
		r = json_get_bool(body, "", "tests", JSON_OPTIONAL, &choice.tests, err);
	if (r >= 0)
		r = playground_read_code(body, request, err);
	if (r >= 0)
		r = playground_choice_check(&choice, err);
	if (r < 0)
		return r;
	playground_choice_apply(&choice, request);
	request->build.command = tool->command;
	request->job.action = tool->action;
	return 0;
}

int playground_request_read_format(const json_t *body, struct playground_request *ret_request,
				   struct error *err)
{
	static const struct tool tool = {"format", CARGO_FMT, 1, 0, 0};
	return read_tool(body, ret_request, &tool, err);
}

int playground_request_read_clippy(const json_t *body, struct playground_request *ret_request,
				   struct error *err)
{
	static const struct tool tool = {"clippy", CARGO_CHECK, 1, 1, 0};
	return read_tool(body, ret_request, &tool, err);
}

int playground_request_read_miri(const json_t *body, struct playground_request *ret_request,
				 struct error *err)
{
	static const struct tool tool = {"miri", CARGO_RUN, 0, 0, 1};
	const char *model = NULL;
	int r = read_tool(body, ret_request, &tool, err);

	if (r >= 0)
		r = json_get_text(body, "", "aliasingModel", JSON_OPTIONAL, &model, err);
	return r < 0 ? r : playground_check_choice(model, aliasing, "aliasing model", err);
}

int playground_request_read_expansion(const json_t *body, struct playground_request *ret_request,
				      struct error *err)
{
	static const struct tool tool = {"expand", CARGO_RUSTC, 0, 0, 0};
	return read_tool(body, ret_request, &tool, err);
}
