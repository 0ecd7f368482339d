#include "bake/json.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bake/path.h"
#include "base/fd.h"

int json_refuse(struct json_place place, const char *name, struct error *err, const char *format,
		...)
{
	char reason[ERROR_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(reason, sizeof(reason), format, args);
	va_end(args);
	const char *dot = name && place.path[0] ? "." : "";
	return error_set_plain(err, -EINVAL, "json", "%s: %s%s%s %s", place.file, place.path, dot,
			       name ? name : "", reason);
}

int json_read_file(const char *path, json_t **ret_value, struct error *err)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, -errno, "json", "cannot open %s", path);
	_cleanup_free_ char *data = NULL;
	size_t len;
	int r = fd_read_all(fd, JSON_FILE_MAX, &data, &len);
	if (r < 0)
		return error_set(err, r, "json", "cannot read %s", path);

	json_error_t at;
	json_t *value = json_loadb(data, len, JSON_REJECT_DUPLICATES, &at);
	if (!value)
		return error_set_plain(err, -EINVAL, "json", "%s:%d:%d: %s", path, at.line,
				       at.column, at.text);
	if (!json_is_object(value)) {
		json_decref(value);
		return error_set_plain(err, -EINVAL, "json", "%s: the top must be an object", path);
	}
	*ret_value = value;
	return 0;
}

static const char *shape_name(enum json_shape shape)
{
	static const char *const names[] = {
		[JSON_SHAPE_TEXT] = "a text",
		[JSON_SHAPE_NUMBER] = "an integer, zero or above",
		[JSON_SHAPE_BOOLEAN] = "true or false",
		[JSON_SHAPE_TEXTS] = "an array of texts",
		[JSON_SHAPE_TEXT_MAP] = "an object of texts",
		[JSON_SHAPE_ARRAY] = "an array",
		[JSON_SHAPE_OBJECT] = "an object",
		[JSON_SHAPE_ANY] = "any value",
	};
	return names[shape];
}

static int all_texts(const json_t *value)
{
	size_t i;
	json_t *item;

	json_array_foreach (value, i, item)
		if (!json_is_string(item))
			return 0;
	return 1;
}

static int all_values_texts(const json_t *value)
{
	const char *key;
	json_t *item;

	json_object_foreach ((json_t *)value, key, item)
		if (!json_is_string(item))
			return 0;
	return 1;
}

static int has_shape(const json_t *value, enum json_shape shape)
{
	switch (shape) {
	case JSON_SHAPE_TEXT:
		return json_is_string(value);
	case JSON_SHAPE_NUMBER:
		return json_is_integer(value) && json_integer_value(value) >= 0;
	case JSON_SHAPE_BOOLEAN:
		return json_is_boolean(value);
	case JSON_SHAPE_TEXTS:
		return json_is_array(value) && all_texts(value);
	case JSON_SHAPE_TEXT_MAP:
		return json_is_object(value) && all_values_texts(value);
	case JSON_SHAPE_ARRAY:
		return json_is_array(value);
	case JSON_SHAPE_OBJECT:
		return json_is_object(value);
	case JSON_SHAPE_ANY:
		return 1;
	}
	return 0;
}

int json_check_shape(const json_t *value, enum json_shape shape, const char *name,
		     struct json_place place, struct error *err)
{
	if (has_shape(value, shape))
		return 0;
	return json_refuse(place, name, err, "must be %s", shape_name(shape));
}

static const struct json_field *find_field(const struct json_field *fields, size_t count,
					   const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(fields[i].name, name) == 0)
			return &fields[i];
	return NULL;
}

static int refuse_unknown(const char *key, const struct json_field *fields, size_t count,
			  struct json_place place, struct error *err)
{
	char known[160] = "";
	size_t used = 0;

	for (size_t i = 0; i < count && used < sizeof(known); i++) {
		int n = snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
				 fields[i].name);
		used += n > 0 ? (size_t)n : 0;
	}
	return json_refuse(place, key, err, "is an unknown key; known are %s", known);
}

int json_check_object(const json_t *value, const struct json_field *fields, size_t count,
		      struct json_place place, struct error *err)
{
	const char *key;
	json_t *item;

	int r = json_check_shape(value, JSON_SHAPE_OBJECT, NULL, place, err);
	if (r < 0)
		return r;
	json_object_foreach ((json_t *)value, key, item) {
		const struct json_field *field = find_field(fields, count, key);
		if (!field)
			return refuse_unknown(key, fields, count, place, err);
		r = json_check_shape(item, field->shape, key, place, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < count; i++)
		if (!fields[i].optional && !json_object_get(value, fields[i].name))
			return json_refuse(place, fields[i].name, err, "is missing; it must be %s",
					   shape_name(fields[i].shape));
	return 0;
}

int json_check_kind(const json_t *value, const char *key, const struct json_kind *kinds,
		    struct json_place place, struct error *err)
{
	const json_t *kind = json_object_get(value, key);

	int r = json_check_shape(value, JSON_SHAPE_OBJECT, NULL, place, err);
	if (r >= 0 && !kind)
		r = json_refuse(place, key, err, "is missing; it must be %s",
				shape_name(JSON_SHAPE_TEXT));
	if (r >= 0)
		r = json_check_shape(kind, JSON_SHAPE_TEXT, key, place, err);
	if (r < 0)
		return r;
	while (kinds->name && strcmp(kinds->name, json_string_value(kind)) != 0)
		kinds++;
	if (!kinds->name)
		return json_refuse(place, key, err, "is \"%s\", which is none here",
				   json_string_value(kind));
	return json_check_object(value, kinds->fields, kinds->field_count, place, err);
}

int json_check_schema(const json_t *value, int schema, struct json_place place, struct error *err)
{
	const json_t *found = json_object_get(value, "schema");
	if (!json_is_integer(found) || json_integer_value(found) != schema)
		return json_refuse(place, "schema", err, "must be %d", schema);
	return 0;
}

const char *json_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

int json_write_file(const char *path, const json_t *value, struct error *err)
{
	_cleanup_free_ char *text = json_dumps(value, JSON_INDENT(2));
	if (!text)
		return error_set(err, -ENOMEM, "json", "cannot write %s", path);
	size_t len = strlen(text);
	text[len] = '\n'; /* over the NUL: the length is given */
	return path_write_file(path, 0644, text, len + 1, err);
}

enum { ROW_MAX = 240, INDENT = 2 };

static int has_containers(const json_t *value)
{
	size_t i;
	json_t *item;
	const char *key;

	json_array_foreach (value, i, item)
		if (json_is_array(item) || json_is_object(item))
			return 1;
	json_object_foreach ((json_t *)value, key, item)
		if (json_is_array(item) || json_is_object(item))
			return 1;
	return 0;
}

static void print_value(FILE *out, const json_t *value, int depth);

/* What stands before the number-th item of a container. */
static void print_start(FILE *out, size_t number, int depth)
{
	fprintf(out, "%s\n%*s", number ? "," : "", depth * INDENT, "");
}

static void print_items(FILE *out, const json_t *value, int depth)
{
	size_t i, number = 0;
	json_t *item;
	const char *key;

	json_array_foreach (value, i, item) {
		print_start(out, number++, depth);
		print_value(out, item, depth);
	}
	json_object_foreach ((json_t *)value, key, item) {
		json_auto_t *name = json_string(key);
		print_start(out, number++, depth);
		print_value(out, name, depth);
		fputs(": ", out);
		print_value(out, item, depth);
	}
}

static void print_value(FILE *out, const json_t *value, int depth)
{
	_cleanup_free_ char *row = json_dumps(value, JSON_ENCODE_ANY);
	int is_array = json_is_array(value), is_container = is_array || json_is_object(value);

	if (!row || !is_container || (!has_containers(value) && strlen(row) <= ROW_MAX)) {
		fputs(row ? row : "null", out);
		return;
	}
	fputc(is_array ? '[' : '{', out);
	print_items(out, value, depth + 1);
	fprintf(out, "\n%*s%c", depth * INDENT, "", is_array ? ']' : '}');
}

int json_write_rows(const char *path, const json_t *value, struct error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		return error_set(err, -ENOMEM, "json", "cannot write %s", path);
	print_value(out, value, 0);
	fputc('\n', out);
	int failed = ferror(out);
	if (fclose(out) != 0 || failed)
		return error_set(err, -ENOMEM, "json", "cannot write %s", path);
	return path_write_file(path, 0644, text, len, err);
}
