#include "front/template.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"

struct text {
	char *data;
	size_t used, room;
};

static int text_add(struct text *text, const char *bytes, size_t len)
{
	if (len >= text->room - text->used) {
		size_t room = text->room ? text->room : 64;
		while (room - text->used <= len)
			room *= 2;
		char *grown = realloc(text->data, room);
		if (!grown)
			return -ENOMEM;
		text->data = grown;
		text->room = room;
	}
	memcpy(text->data + text->used, bytes, len);
	text->used += len;
	text->data[text->used] = '\0';
	return 0;
}

static int template_fault(struct error *err, const char *template, const char *why)
{
	return error_set_plain(err, -EINVAL, "template", "template \"%.80s\": %s", template, why);
}

/* at: just behind the opening brace. ret_next: just behind the closing one. */
static int template_value(const char *template, const char *at, template_lookup *lookup,
			  const void *context, const char **ret_value, const char **ret_next,
			  struct error *err)
{
	char name[TEMPLATE_NAME_MAX + 1];
	const char *close = strchr(at, '}');
	size_t len = close ? (size_t)(close - at) : 0;

	if (!close)
		return template_fault(err, template, "a '{' is not closed; write {{ for a brace");
	if (len == 0 || len > TEMPLATE_NAME_MAX)
		return template_fault(err, template,
				      "a name between braces has 1 to 32 characters");
	memcpy(name, at, len);
	name[len] = '\0';
	const char *value = lookup(context, name);
	if (!value)
		return error_set_plain(err, -EINVAL, "template",
				       "template \"%.80s\": there is nothing called {%s}", template,
				       name);
	*ret_value = value;
	*ret_next = close + 1;
	return 0;
}

int template_fill(const char *template, template_lookup *lookup, const void *context,
		  char **ret_text, struct error *err)
{
	struct text text = {0};
	const char *at = template;
	int r = text_add(&text, "", 0);

	while (r == 0 && *at) {
		size_t plain = strcspn(at, "{}");
		if (plain) {
			r = text_add(&text, at, plain);
			at += plain;
		} else if (at[0] == at[1]) {
			r = text_add(&text, at, 1);
			at += 2;
		} else if (at[0] == '}') {
			r = template_fault(err, template, "a lone '}'; write }} for a brace");
		} else {
			const char *value = "";
			r = template_value(template, at + 1, lookup, context, &value, &at, err);
			if (r == 0)
				r = text_add(&text, value, strlen(value));
		}
	}
	if (r < 0) {
		free(text.data);
		return r == -ENOMEM ? error_set(err, r, "template", "cannot fill a template") : r;
	}
	*ret_text = text.data;
	return 0;
}
