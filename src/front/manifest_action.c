#include "front/manifest_choice.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"

/* An action: one step in place of compiling and running, whose artefact is what is asked for. */

static const json_t *action_find(const struct choice *choice)
{
	const json_t *actions = json_object_get(choice->language, "actions"), *action;
	char list[CHOICE_LIST_MAX] = "run";
	size_t i;

	json_array_foreach (actions, i, action) {
		if (strcmp(manifest_text(action, "id"), choice->request->action) == 0)
			return action;
		choice_list_add(list, manifest_text(action, "id"));
	}
	error_set_plain(choice->err, -EINVAL, "action",
			"action: \"%.40s\" is not one of %s, which has %s", choice->request->action,
			manifest_text(choice->language, "id"), list);
	return NULL;
}

/*
 * Why the action cannot be had, with the options that were chosen, or NULL. Borrowed. A plain
 * request hears it from the step, where that says so itself.
 */
static const char *action_refusal(const struct choice *choice, const json_t *action)
{
	const char *sentence = manifest_text(action, "unavailable");
	const json_t *refusal;
	size_t i;

	if (sentence)
		return sentence;
	json_array_foreach (json_object_get(action, "refuse"), i, refusal) {
		if (choice->request->plain && json_is_true(json_object_get(refusal, "step_says")))
			continue;
		if (choice_holds(choice, json_object_get(refusal, "when")))
			return manifest_text(refusal, "sentence");
	}
	return NULL;
}

/* What only a program takes. */
static int check_no_program(const struct choice *choice)
{
	const struct job_request *request = choice->request;
	const char *field = request->arg_count	    ? "args"
			    : request->stdin_len    ? "stdin"
			    : request->interactive  ? "interactive"
			    : request->compile_only ? "compile_only"
						    : NULL;
	if (!field)
		return 0;
	return error_set_plain(choice->err, -EINVAL, field,
			       "%s: the action \"%.40s\" runs no program, so it takes none", field,
			       request->action);
}

static int names_copy(const struct choice *choice, struct action_plan *plan)
{
	plan->file_names = calloc(choice->request->file_count, sizeof(*plan->file_names));
	if (!plan->file_names)
		return -ENOMEM;
	for (; plan->file_count < choice->request->file_count; plan->file_count++) {
		char *name = strdup(choice_file_name(choice, plan->file_count));
		if (!name)
			return -ENOMEM;
		plan->file_names[plan->file_count] = name;
	}
	return 0;
}

static int result_plan(const struct choice *choice, const json_t *action, struct job_plan *plan)
{
	const char *result = manifest_text(action, "result");
	const json_t *filter = json_object_get(action, "filter");
	int r = 0;

	plan->action = calloc(1, sizeof(*plan->action));
	if (!plan->action)
		return error_set(choice->err, -ENOMEM, "plan", "cannot plan the job");
	plan->action->result = !strcmp(result, "text")	  ? ACTION_TEXT
			       : !strcmp(result, "files") ? ACTION_FILES
							  : ACTION_MESSAGES;
	plan->action->filters_asm = filter && choice_holds(choice, json_object_get(filter, "when"));
	plan->action->links_lines = plan->action->filters_asm && !choice->request->plain &&
				    json_object_get(filter, "lines");
	if (plan->action->result == ACTION_FILES || plan->action->links_lines)
		r = names_copy(choice, plan->action);
	return r < 0 ? error_set(choice->err, r, "plan", "cannot plan the job") : 0;
}

int choice_plan_action(const struct choice *choice, struct job_plan *plan)
{
	const json_t *action = action_find(choice);
	_cleanup_free_ char *artefact = NULL;

	if (!action)
		return -EINVAL;
	const char *refusal = action_refusal(choice, action);
	if (refusal)
		return error_set_plain(choice->err, -EINVAL, "action", "action %s: %s",
				       choice->request->action, refusal);
	const json_t *step = json_object_get(action, "step");
	struct choice with_lines = *choice;
	int r = check_no_program(choice);
	if (r == 0)
		r = result_plan(choice, action, plan);
	if (r == 0)
		r = choice_artefact(choice, step, &artefact);
	if (r < 0)
		return r;
	if (plan->action->links_lines)
		with_lines.line_words = json_object_get(json_object_get(action, "filter"), "lines");
	struct step_spec spec = {step, 1, BUNDLE_ARTEFACT_OUT, artefact, NULL, NULL};
	plan->has_compile = 1;
	plan->compile_bundle_fd = choice_step_bundle(&with_lines, &spec);
	return plan->compile_bundle_fd < 0 ? plan->compile_bundle_fd : 0;
}

struct action_plan *action_plan_free(struct action_plan *action)
{
	if (!action)
		return NULL;
	for (size_t i = 0; i < action->file_count; i++)
		free(action->file_names[i]);
	free(action->file_names);
	free(action);
	return NULL;
}
