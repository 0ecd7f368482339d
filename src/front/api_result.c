#include "front/api_result.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/outcome.h"
#include "front/api_files.h"
#include "front/http_request.h"
#include "front/product.h"

const char *api_step_name(enum step_kind kind, int is_action)
{
	return is_action ? "action" : kind == STEP_COMPILE ? "compile" : "run";
}

json_t *api_state_json(enum job_state state, unsigned position)
{
	json_t *object = json_pack("{s:s}", "state", job_state_name(state));

	if (object && state == JOB_QUEUED && position)
		json_object_set_new(object, "position", json_integer(position));
	return object;
}

static json_t *count(uint64_t number)
{
	return json_integer((json_int_t)(number > INT64_MAX ? INT64_MAX : number));
}

/* The members that a step and the whole result share. */
static void set_step(json_t *object, const struct step_result *step)
{
	int exited = step->outcome == OUTCOME_EXITED;
	const char *sentence = step->detail[0] ? step->detail : outcome_sentence(step->outcome);

	json_object_set_new(object, "outcome", json_string(outcome_name(step->outcome)));
	json_object_set_new(object, "sentence", http_json_text(sentence, strlen(sentence)));
	json_object_set_new(object, "exit_code",
			    exited ? json_integer(step->exit_code) : json_null());
	json_object_set_new(object, "signal",
			    step->signal ? json_integer(step->signal) : json_null());
	json_object_set_new(object, "wall_usec", count(step->wall_usec));
	json_object_set_new(object, "user_usec", count(step->user_usec));
	json_object_set_new(object, "system_usec", count(step->system_usec));
	json_object_set_new(object, "memory_peak_bytes", count(step->memory_peak_bytes));
	json_object_set_new(object, "truncated",
			    json_boolean(step->truncated_stdout || step->truncated_stderr));
	if (step->kind != STEP_COMPILE)
		return;
	json_object_set_new(object, "cached", json_boolean(step->cached));
	json_object_set_new(object, "carried", json_boolean(step->carried));
}

json_t *api_step_json(const struct step_result *step, int is_action)
{
	json_t *object = json_pack("{s:s}", "step", api_step_name(step->kind, is_action));

	if (object)
		set_step(object, step);
	return object;
}

/* The request's own files are in the reply, a program's are fetched. */
static json_t *file_json(const char *id, const struct product *product,
			 const struct product_file *file)
{
	json_t *name = http_json_text(file->name, strlen(file->name));
	char url[API_FILE_URL_SIZE];

	if (!product->is_collected)
		return json_pack("{s:o,s:o}", "name", name, "content",
				 http_json_text(file->content, file->len));
	api_file_url(id, file->name, url);
	return json_pack("{s:o,s:s,s:o,s:s}", "name", name, "type", file->type, "bytes",
			 count(file->len), "url", url);
}

static json_t *files_json(const char *id, const struct product *product)
{
	json_t *files = json_array();

	for (size_t i = 0; i < product->file_count; i++)
		json_array_append_new(files, file_json(id, product, &product->files[i]));
	return files;
}

/* [file, line] for each line of the text that comes from one of the visitor's, else null. */
static json_t *lines_json(const struct product *product)
{
	json_t *list = json_array(), *last = NULL;

	for (size_t i = 0; i < product->line_count; i++) {
		struct asm_line line = product->lines[i];
		if (line.line == 0) {
			json_array_append_new(list, json_null());
			continue;
		}
		/* Many instructions of one line follow each other. */
		if (i == 0 || !last || product->lines[i - 1].line != line.line ||
		    product->lines[i - 1].file != line.file)
			last = json_pack("[i,i]", (int)line.file, (int)line.line);
		else
			json_incref(last);
		json_array_append_new(list, last);
	}
	return list;
}

/* What an action made, or a program left. */
static void set_product(json_t *object, const char *id, const struct product *product)
{
	if (product->is_collected) {
		json_object_set_new(object, "files", files_json(id, product));
		json_object_set_new(object, "files_left_out", count(product->left_out));
		return;
	}
	if (product->result == ACTION_TEXT) {
		json_object_set_new(object, "text", http_json_text(product->text, product->len));
		json_object_set_new(object, "text_truncated", json_boolean(product->truncated));
		if (product->has_lines)
			json_object_set_new(object, "lines", lines_json(product));
	}
	if (product->result == ACTION_FILES)
		json_object_set_new(object, "files", files_json(id, product));
}

json_t *api_result_json(const char *id, const struct job_result *result,
			const struct product *product)
{
	json_t *object = json_object(), *steps = json_array();
	int truncated = 0;

	if (!object || !steps) {
		json_decref(object);
		json_decref(steps);
		return NULL;
	}
	set_step(object, &result->last);
	json_object_set_new(object, "signal_name",
			    result->last.signal ? json_string(signal_name(result->last.signal))
						: json_null());
	for (int kind = 0; kind < STEP_KIND_COUNT; kind++) {
		const struct step_result *step = &result->steps[kind];
		if (!result->done[kind])
			continue;
		truncated |= step->truncated_stdout || step->truncated_stderr;
		json_array_append_new(steps, api_step_json(step, result->is_action));
	}
	if (truncated)
		json_object_set_new(object, "truncated", json_true());
	json_object_set_new(object, "queued_usec", count(result->queued_usec));
	json_object_set_new(object, "total_usec", count(result->total_usec));
	json_object_set_new(object, "steps", steps);
	if (product)
		set_product(object, id, product);
	return object;
}

static json_t *output_json(struct api_output *output, enum step_kind kind, int stream,
			   const char *data, size_t len, int last, int *ret_empty)
{
	struct utf8_carry *carry = &output->carry[kind][stream == 2];
	_cleanup_free_ char *text = NULL;
	size_t text_len;

	*ret_empty = 0;
	if (utf8_text(carry, data, len, last, &text, &text_len) < 0)
		return NULL;
	*ret_empty = text_len == 0;
	if (text_len == 0)
		return NULL;
	return json_pack("{s:s,s:s,s:o}", "step", api_step_name(kind, output->is_action), "stream",
			 stream == 2 ? "stderr" : "stdout", "text",
			 json_stringn_nocheck(text, text_len));
}

json_t *api_output_json(struct api_output *output, struct job_event *event, int *ret_empty)
{
	json_t *object = output_json(output, event->kind, event->stream, event->data, event->len, 0,
				     ret_empty);

	free(TAKE_PTR(event->data));
	return object;
}

json_t *api_output_last_json(struct api_output *output, enum step_kind kind, int stream,
			     int *ret_empty)
{
	return output_json(output, kind, stream, "", 0, 1, ret_empty);
}
