#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "front/api_request.h"
#include "front/json_read.h"

static json_t *parse(const char *text)
{
	struct error err = {0};
	json_t *object;

	assert_int_equal(json_read_object(text, strlen(text), &object, &err), 0);
	return object;
}

static void refused(const char *text, size_t len, const char *why)
{
	struct error err = {0};
	json_t *object = NULL;

	assert_int_equal(json_read_object(text, len, &object, &err), -EINVAL);
	assert_non_null(strstr(err.text, why));
	assert_null(object);
}

static void json_read_object_bad_input_is_refused(void **state)
{
	char deep[6000];

	(void)state;
	refused("", 0, "empty");
	refused("{", 1, "not valid JSON");
	refused("{} x", 4, "not valid JSON");
	refused("[1]", 3, "an array");
	refused("\"x\"", 3, "not valid JSON");
	refused("{\"a\":1,\"a\":2}", 13, "duplicate");
	refused("{\"a\":\"\xff\"}", 9, "UTF-8");
	refused("{\"a\":\"\xed\xa0\x80\"}", 11, "UTF-8");
	refused("{\"a\":\"\\ud800\"}", 14, "not valid JSON");
	refused("{\"a\0\":1}", 8, "not valid JSON");
	memset(deep, '[', sizeof(deep));
	refused(deep, sizeof(deep), "depth");
}

static void json_get_wrong_kinds_name_field_and_kind(void **state)
{
	json_t *object = parse("{\"n\":5,\"s\":\"x\",\"b\":true,\"z\":\"a\\u0000b\",\"null\":null,"
			       "\"a\":[1,2,3],\"o\":{},\"minus\":-1,\"real\":1.5}");
	struct error err = {0};
	const char *text = "untouched";
	const json_t *value = NULL;
	uint64_t number = 7;
	size_t len = 0;
	int flag = 9;

	(void)state;
	assert_int_equal(json_get_text(object, "", "n", JSON_REQUIRED, &text, &err), -EINVAL);
	assert_string_equal(err.text, "`n` must be a text, not a whole number");
	assert_int_equal(json_get_text(object, "x", "none", JSON_REQUIRED, &text, &err), -EINVAL);
	assert_string_equal(err.text, "missing field `x.none`");
	assert_int_equal(json_get_text(object, "", "null", JSON_OPTIONAL, &text, &err), 0);
	assert_int_equal(json_get_text(object, "", "none", JSON_OPTIONAL, &text, &err), 0);
	assert_string_equal(text, "untouched");
	assert_int_equal(json_get_text(object, "", "z", JSON_OPTIONAL, &text, &err), -EINVAL);
	assert_non_null(strstr(err.text, "U+0000"));
	assert_int_equal(json_get_bytes(object, "", "z", JSON_OPTIONAL, &text, &len, &err), 1);
	assert_int_equal(len, 3);
	assert_int_equal(json_get_bool(object, "", "b", JSON_OPTIONAL, &flag, &err), 1);
	assert_int_equal(flag, 1);
	assert_int_equal(json_get_bool(object, "", "s", JSON_OPTIONAL, &flag, &err), -EINVAL);
	assert_int_equal(json_get_u64(object, "", "n", JSON_OPTIONAL, 5, &number, &err), 1);
	assert_int_equal(number, 5);
	assert_int_equal(json_get_u64(object, "", "n", JSON_OPTIONAL, 6, &number, &err), -EINVAL);
	assert_string_equal(err.text, "`n` is 5; it must be at least 6");
	assert_int_equal(json_get_u64(object, "", "minus", JSON_OPTIONAL, 0, &number, &err),
			 -EINVAL);
	assert_int_equal(json_get_u64(object, "", "real", JSON_OPTIONAL, 0, &number, &err),
			 -EINVAL);
	assert_int_equal(json_get_array(object, "", "a", JSON_OPTIONAL, 3, &value, &err), 1);
	assert_int_equal(json_get_array(object, "", "a", JSON_OPTIONAL, 2, &value, &err), -EINVAL);
	assert_int_equal(json_get_object(object, "", "o", JSON_OPTIONAL, &value, &err), 1);
	assert_int_equal(json_get_object(object, "", "a", JSON_OPTIONAL, &value, &err), -EINVAL);
	json_decref(object);
}

static void json_check_keys_unknown_is_named(void **state)
{
	static const char *const known[] = {"one", "two", NULL};
	json_t *object = parse("{\"one\":1,\"three\":3}");
	struct error err = {0};

	(void)state;
	assert_int_equal(json_check_keys(object, "o", known, &err), -EINVAL);
	assert_string_equal(err.text, "unknown key `o.three`; allowed: one, two");
	json_object_del(object, "three");
	assert_int_equal(json_check_keys(object, "o", known, &err), 0);
	json_decref(object);
}

/* ---- a job request ---- */

static int read_request(const char *text, struct api_request *request, json_t **ret_body,
			struct error *err)
{
	*ret_body = parse(text);
	return api_request_read(*ret_body, request, err);
}

static void api_request_read_everything_arrives(void **state)
{
	struct api_request request;
	struct error err = {0};
	json_t *body;

	(void)state;
	assert_int_equal(
		read_request("{\"language\":\"rust\",\"files\":[{\"content\":\"a\\u0000b\"},"
			     "{\"name\":\"src/x.rs\",\"content\":\"\"}],"
			     "\"options\":{\"mode\":\"debug\",\"tests\":true},"
			     "\"args\":[\"-v\",\"\"],\"stdin\":\"in\",\"interactive\":true,"
			     "\"compile_only\":false,"
			     "\"limits\":{\"run\":{\"wall_usec\":5000000,\"processes\":3}}}",
			     &request, &body, &err),
		0);
	assert_string_equal(request.job.language, "rust");
	assert_int_equal(request.job.file_count, 2);
	assert_null(request.job.files[0].name);
	assert_int_equal(request.job.files[0].len, 3);
	assert_string_equal(request.job.files[1].name, "src/x.rs");
	assert_int_equal(request.job.option_count, 2);
	assert_string_equal(request.job.options[1].value, "true");
	assert_int_equal(request.job.arg_count, 2);
	assert_string_equal(request.job.args[0], "-v");
	assert_int_equal(request.job.stdin_len, 2);
	assert_int_equal(request.job.interactive, 1);
	assert_int_equal(request.job.compile_only, 0);
	assert_int_equal(request.job.run_limits.wall_usec, 5000000);
	assert_int_equal(request.job.run_limits.processes, 3);
	assert_int_equal(request.job.run_limits.memory_bytes, 0);
	assert_int_equal(request.job.compile_limits.wall_usec, 0);
	json_decref(body);
}

static void api_request_read_faults_are_named(void **state)
{
	static const struct {
		const char *body, *text;
	} cases[] = {
		{"{}", "missing field `language`"},
		{"{\"language\":\"c\"}", "give `code`"},
		{"{\"language\":\"c\",\"code\":\"\",\"files\":[]}", "both `code` and `files`"},
		{"{\"language\":\"c\",\"files\":[]}", "1 to 64"},
		{"{\"language\":\"c\",\"files\":[5]}", "`files[0]` must be an object"},
		{"{\"language\":\"c\",\"files\":[{\"content\":\"\"},{\"content\":\"\"}]}",
		 "missing field `files[1].name`"},
		{"{\"language\":\"c\",\"files\":[{\"content\":\"\",\"mode\":7}]}",
		 "unknown key `files[0].mode`"},
		{"{\"language\":\"c\",\"code\":\"\",\"colour\":1}", "unknown key `colour`"},
		{"{\"language\":\"c\",\"code\":\"\",\"options\":{\"a\":1}}", "`options.a`"},
		{"{\"language\":\"c\",\"code\":\"\",\"args\":[1]}", "`args[0]`"},
		{"{\"language\":\"c\",\"code\":\"\",\"args\":[\"a\\u0000\"]}", "U+0000"},
		{"{\"language\":\"c\",\"code\":\"\",\"limits\":{\"link\":{}}}", "`limits.link`"},
		{"{\"language\":\"c\",\"code\":\"\",\"limits\":{\"run\":{\"wall\":1}}}",
		 "`limits.run.wall`"},
		{"{\"language\":\"c\",\"code\":\"\",\"limits\":{\"run\":{\"processes\":0}}}",
		 "at least 1"},
		{"{\"language\":\"c\",\"code\":\"\",\"interactive\":1}", "`interactive`"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct api_request request;
		struct error err = {0};
		json_t *body;
		assert_int_equal(read_request(cases[i].body, &request, &body, &err), -EINVAL);
		if (!strstr(err.text, cases[i].text))
			fail_msg("%s: %s", cases[i].body, err.text);
		json_decref(body);
	}
}

static void api_request_read_large_source_is_too_big(void **state)
{
	char *code = malloc(JOB_SOURCE_MAX + 2);
	struct api_request request;
	struct error err = {0};
	json_t *body;

	(void)state;
	assert_non_null(code);
	memset(code, 'x', JOB_SOURCE_MAX + 1);
	code[JOB_SOURCE_MAX + 1] = '\0';
	body = json_pack("{s:s,s:s}", "language", "c", "code", code);
	assert_int_equal(api_request_read(body, &request, &err), -E2BIG);
	json_decref(body);
	code[JOB_SOURCE_MAX] = '\0';
	body = json_pack("{s:s,s:s}", "language", "c", "code", code);
	assert_int_equal(api_request_read(body, &request, &err), 0);
	json_decref(body);
	free(code);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_read_object_bad_input_is_refused),
		cmocka_unit_test(json_get_wrong_kinds_name_field_and_kind),
		cmocka_unit_test(json_check_keys_unknown_is_named),
		cmocka_unit_test(api_request_read_everything_arrives),
		cmocka_unit_test(api_request_read_faults_are_named),
		cmocka_unit_test(api_request_read_large_source_is_too_big),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
