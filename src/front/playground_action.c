/* POST /compile, /format, /clippy, /miri, /macro-expansion: tools over a visitor's source. */
#include <string.h>

#include "front/playground_answer.h"
#include "front/playground_routes.h"
#include "front/product.h"

/* The members of every reply; detail_key: how this route writes "exit detail". */
static json_t *form_common(const struct playground_answer *answer, const char *detail_key)
{
	return json_pack("{s:b,s:s,s:o,s:o}", "success", answer->success, detail_key,
			 answer->detail, "stdout", playground_answer_text(answer, 0), "stderr",
			 playground_answer_text(answer, 1));
}

static json_t *product_text(const struct playground_answer *answer)
{
	const struct product *product = answer->product;

	return product ? http_json_text(product->text, product->len) : json_string("");
}

static json_t *form_compile(const struct playground_answer *answer)
{
	json_t *object = form_common(answer, "exitDetail");

	if (object)
		json_object_set_new(object, "code", product_text(answer));
	return object;
}

/* The content of the file with this name; NULL is the only one. New reference, or NULL. */
static json_t *file_json(const struct product *product, const char *name)
{
	for (size_t i = 0; i < product->file_count; i++) {
		const struct product_file *file = &product->files[i];
		if (!name || strcmp(file->name, name) == 0)
			return http_json_text(file->content, file->len);
	}
	return NULL;
}

/* The source as it was sent, each file replaced by what became of it. */
static json_t *formatted_code(const struct playground_answer *answer)
{
	const json_t *code = json_object_get(answer->body, "code");
	json_t *copy, *file;
	size_t i;

	if (!answer->product)
		return json_deep_copy(code);
	if (!json_is_array(code))
		return file_json(answer->product, NULL);
	copy = json_array();
	json_array_foreach (code, i, file) {
		const char *name = json_string_value(json_object_get(file, "name"));
		json_array_append_new(copy, json_pack("{s:s,s:o}", "name", name, "content",
						      file_json(answer->product, name)));
	}
	return copy;
}

static json_t *form_format(const struct playground_answer *answer)
{
	json_t *object = form_common(answer, "exitDetail");

	if (object)
		json_object_set_new(object, "code", formatted_code(answer));
	return object;
}

static json_t *form_messages(const struct playground_answer *answer)
{
	return form_common(answer, "exit_detail");
}

static json_t *form_expansion(const struct playground_answer *answer)
{
	json_t *object = form_common(answer, "exit_detail");

	if (object && answer->product)
		json_object_set_new(object, "stdout", product_text(answer));
	return object;
}

void playground_compile(struct http_request *request)
{
	playground_answer(request, playground_request_read_compile, form_compile);
}

void playground_format(struct http_request *request)
{
	playground_answer(request, playground_request_read_format, form_format);
}

void playground_clippy(struct http_request *request)
{
	playground_answer(request, playground_request_read_clippy, form_messages);
}

void playground_miri(struct http_request *request)
{
	playground_answer(request, playground_request_read_miri, form_messages);
}

void playground_expansion(struct http_request *request)
{
	playground_answer(request, playground_request_read_expansion, form_expansion);
}
