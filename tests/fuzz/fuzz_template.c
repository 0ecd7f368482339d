/* A template of a manifest. Its filling is compared with a walk over both side by side. */
#include "fuzz.h"

#include <errno.h>

#include "front/template.h"

static const struct {
	const char *name, *value;
} values[] = {{"mode", "debug"}, {"main_file", "src/main.rs"}, {"empty", ""}, {"brace", "{mode}"}};

static const char *lookup(const void *context, const char *name)
{
	FUZZ_ASSERT(context == values);
	FUZZ_ASSERT(name[0] && strlen(name) <= TEMPLATE_NAME_MAX && !strchr(name, '}'));
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (strcmp(values[i].name, name) == 0)
			return values[i].value;
	return NULL;
}

static void check_filled(const char *template, const char *text)
{
	while (*template) {
		if (*template == '{' && template[1] != '{') {
			const char *end = strchr(template, '}');
			FUZZ_ASSERT(end);
			char *name = fuzz_text((const uint8_t *)template + 1,
					       (size_t)(end - template - 1));
			const char *value = lookup(values, name);
			FUZZ_ASSERT(value && strncmp(text, value, strlen(value)) == 0);
			text += strlen(value);
			template = end + 1;
			free(name);
			continue;
		}
		FUZZ_ASSERT(*text == *template);
		if (*template == '{' || *template == '}')
			FUZZ_ASSERT(template[0] == template[1]);
		template += *template == '{' || *template == '}' ? 2 : 1;
		text++;
	}
	FUZZ_ASSERT(!*text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct error err = {0};
	char *template = fuzz_text(data, len), *text = NULL;

	int r = template_fill(template, lookup, values, &text, &err);
	if (r == 0)
		check_filled(template, text);
	else
		FUZZ_ASSERT(r == -EINVAL && !text && err.text[0]);
	free(text);
	free(template);
	return 0;
}
