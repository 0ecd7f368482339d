#include "front/json_read.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/utf8.h"

const char *json_kind(const json_t *value)
{
	static const char *const kinds[] = {
		[JSON_OBJECT] = "an object",	  [JSON_ARRAY] = "an array",
		[JSON_STRING] = "a text",	  [JSON_INTEGER] = "a whole number",
		[JSON_REAL] = "a decimal number", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",		  [JSON_NULL] = "null",
	};

	return value ? kinds[json_typeof(value)] : "nothing";
}

int json_read_object(const char *data, size_t len, json_t **ret_object, struct error *err)
{
	json_error_t fault;
	json_t *root;

	if (len == 0)
		return error_set_plain(err, -EINVAL, "json",
				       "the body is empty; a JSON object is needed");
	if (!utf8_is_valid(data, len))
		return error_set_plain(err, -EINVAL, "json", "the body is not valid UTF-8");
	root = json_loadb(data, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &fault);
	if (!root)
		return error_set_plain(err, -EINVAL, "json",
				       "the body is not valid JSON: %.140s at line %d column %d",
				       fault.text, fault.line, fault.column);
	if (!json_is_object(root)) {
		error_set_plain(err, -EINVAL, "json", "the body is %s; a JSON object is needed",
				json_kind(root));
		json_decref(root);
		return -EINVAL;
	}
	*ret_object = root;
	return 0;
}

/* "limits.run.wall_usec": a field's path for messages, cut when too long. */
struct field_path {
	char text[96];
};

static struct field_path field_path(const char *where, const char *key)
{
	struct field_path path;

	snprintf(path.text, sizeof(path.text), "%s%s%s", where, *where ? "." : "", key);
	return path;
}

static int wrong_kind(const json_t *value, const char *where, const char *key, const char *wanted,
		      struct error *err)
{
	return error_set_plain(err, -EINVAL, "json", "`%s` must be %s, not %s",
			       field_path(where, key).text, wanted, json_kind(value));
}

/* Finds a field; null counts as absent. Returns 1, 0 or -EINVAL when it is required. */
static int field_find(const json_t *object, const char *where, const char *key, enum json_need need,
		      const json_t **ret_value, struct error *err)
{
	const json_t *value = json_object_get(object, key);

	*ret_value = value;
	if (value && !json_is_null(value))
		return 1;
	if (need == JSON_OPTIONAL)
		return 0;
	return error_set_plain(err, -EINVAL, "json", "missing field `%s`",
			       field_path(where, key).text);
}

int json_get_bytes(const json_t *object, const char *where, const char *key, enum json_need need,
		   const char **ret_bytes, size_t *ret_len, struct error *err)
{
	const json_t *value = NULL;
	int r = field_find(object, where, key, need, &value, err);

	if (r <= 0)
		return r;
	if (!json_is_string(value))
		return wrong_kind(value, where, key, "a text", err);
	*ret_bytes = json_string_value(value);
	*ret_len = json_string_length(value);
	return 1;
}

int json_get_text(const json_t *object, const char *where, const char *key, enum json_need need,
		  const char **ret_text, struct error *err)
{
	const char *text;
	size_t len;
	int r = json_get_bytes(object, where, key, need, &text, &len, err);

	if (r <= 0)
		return r;
	if (strlen(text) != len)
		return error_set_plain(err, -EINVAL, "json",
				       "`%s` must not contain the character U+0000",
				       field_path(where, key).text);
	*ret_text = text;
	return 1;
}

int json_get_bool(const json_t *object, const char *where, const char *key, enum json_need need,
		  int *ret_value, struct error *err)
{
	const json_t *value = NULL;
	int r = field_find(object, where, key, need, &value, err);

	if (r <= 0)
		return r;
	if (!json_is_boolean(value))
		return wrong_kind(value, where, key, "true or false", err);
	*ret_value = json_is_true(value);
	return 1;
}

int json_get_u64(const json_t *object, const char *where, const char *key, enum json_need need,
		 uint64_t least, uint64_t *ret_value, struct error *err)
{
	const json_t *value = NULL;
	int r = field_find(object, where, key, need, &value, err);

	if (r <= 0)
		return r;
	if (!json_is_integer(value))
		return wrong_kind(value, where, key, "a whole number", err);
	json_int_t number = json_integer_value(value);
	if (number < 0 || (uint64_t)number < least)
		return error_set_plain(
			err, -EINVAL, "json", "`%s` is %lld; it must be at least %llu",
			field_path(where, key).text, (long long)number, (unsigned long long)least);
	*ret_value = (uint64_t)number;
	return 1;
}

int json_get_array(const json_t *object, const char *where, const char *key, enum json_need need,
		   size_t most, const json_t **ret_array, struct error *err)
{
	const json_t *value = NULL;
	int r = field_find(object, where, key, need, &value, err);

	if (r <= 0)
		return r;
	if (!json_is_array(value))
		return wrong_kind(value, where, key, "an array", err);
	if (json_array_size(value) > most)
		return error_set_plain(err, -EINVAL, "json",
				       "`%s` has %zu elements; at most %zu are allowed",
				       field_path(where, key).text, json_array_size(value), most);
	*ret_array = value;
	return 1;
}

int json_get_object(const json_t *object, const char *where, const char *key, enum json_need need,
		    const json_t **ret_object, struct error *err)
{
	const json_t *value = NULL;
	int r = field_find(object, where, key, need, &value, err);

	if (r <= 0)
		return r;
	if (!json_is_object(value))
		return wrong_kind(value, where, key, "an object", err);
	*ret_object = value;
	return 1;
}

static int key_is_known(const char *key, const char *const *known)
{
	for (; *known; known++)
		if (strcmp(key, *known) == 0)
			return 1;
	return 0;
}

int json_check_keys(const json_t *object, const char *where, const char *const *known,
		    struct error *err)
{
	char allowed[160] = "";
	size_t used = 0;
	const char *key;
	json_t *value;

	/* jansson's walk takes a non-const object but changes nothing. */
	json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
		if (key_is_known(key, known))
			continue;
		for (size_t i = 0; known[i] && used < sizeof(allowed); i++)
			used += (size_t)snprintf(allowed + used, sizeof(allowed) - used, "%s%s",
						 i ? ", " : "", known[i]);
		return error_set_plain(err, -EINVAL, "json", "unknown key `%.60s`; allowed: %s",
				       field_path(where, key).text, allowed);
	}
	return 0;
}
