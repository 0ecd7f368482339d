#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "front/playground_message.h"
#include "front/playground_request.h"

static void check_fault(playground_reader *read, const char *text, int code, const char *words)
{
	struct playground_request request;
	struct error err = {0};
	json_t *body = json_loads(text, JSON_ALLOW_NUL, NULL);

	assert_non_null(body);
	assert_int_equal(read(body, &request, &err), code);
	if (!strstr(err.text, words))
		fail_msg("%s: %s", text, err.text);
	json_decref(body);
}

static const char *option(const struct playground_request *request, const char *name)
{
	for (size_t i = 0; i < request->job.option_count; i++)
		if (strcmp(request->job.options[i].name, name) == 0)
			return request->job.options[i].value;
	return NULL;
}

#define FIELDS                                                                                     \
	"\"channel\":\"stable\",\"mode\":\"release\",\"edition\":\"2021\",\"crateType\":\"bin\","  \
	"\"tests\":false"

static void playground_request_read_fields_arrive(void **state)
{
	struct playground_request request;
	struct error err = {0};
	json_t *body =
		json_loads("{" FIELDS ",\"code\":\"fn\\u0000\",\"more\":1,\"backtrace\":true}",
			   JSON_ALLOW_NUL, NULL);

	(void)state;
	assert_int_equal(playground_request_read(body, &request, &err), 0);
	assert_string_equal(request.job.language, "rust");
	assert_int_equal(request.job.file_count, 1);
	assert_null(request.job.files[0].name);
	assert_int_equal(request.job.files[0].len, 3);
	assert_string_equal(option(&request, "channel"), "stable");
	assert_string_equal(option(&request, "mode"), "release");
	assert_string_equal(option(&request, "backtrace"), "true");
	assert_string_equal(option(&request, "tests"), "false");
	assert_true(request.build.release && request.build.is_bin && !request.build.tests);
	json_decref(body);
}

static void playground_request_read_tests_of_a_library_are_a_program(void **state)
{
	struct playground_request request;
	struct error err = {0};
	json_t *body = json_loads("{\"channel\":\"stable\",\"mode\":\"debug\",\"edition\":\"2024\","
				  "\"crateType\":\"lib\",\"tests\":true,\"code\":[{\"name\":"
				  "\"src/lib.rs\",\"content\":\"\"}]}",
				  0, NULL);

	(void)state;
	assert_int_equal(playground_request_read(body, &request, &err), 0);
	assert_string_equal(option(&request, "crate_type"), "bin");
	assert_string_equal(request.job.files[0].name, "src/lib.rs");
	assert_true(!request.build.is_bin && request.build.tests);
	json_decref(body);
}

static void playground_request_read_faults_have_their_kind(void **state)
{
	playground_reader *read = playground_request_read;

	(void)state;
	check_fault(read, "{}", -EINVAL, "missing field `channel`");
	check_fault(read, "{" FIELDS "}", -EINVAL, "missing field `code`");
	check_fault(read, "{" FIELDS ",\"code\":7}", -EINVAL, "`code` must be a text");
	check_fault(read, "{" FIELDS ",\"code\":[]}", -EINVAL, "`code` is empty");
	check_fault(read, "{" FIELDS ",\"code\":[{\"content\":\"\"}]}", -EINVAL, "code[0].name");
	check_fault(
		read,
		"{\"channel\":\"x\",\"mode\":\"debug\",\"edition\":\"2021\",\"crateType\":\"bin\","
		"\"tests\":false,\"code\":\"\"}",
		-EPROTO, "'x' is not a valid channel");
	check_fault(
		read,
		"{\"channel\":\"stable\",\"mode\":\"debug\",\"crateType\":\"bin\",\"tests\":false,"
		"\"code\":\"\"}",
		-EPROTO, "'' is not a valid edition");
	check_fault(read,
		    "{\"channel\":\"stable\",\"mode\":\"fast\",\"edition\":\"2021\",\"crateType\":"
		    "\"bin\",\"tests\":false,\"code\":\"\"}",
		    -EPROTO, "'fast' is not a valid mode");
	check_fault(read,
		    "{\"channel\":\"stable\",\"mode\":\"debug\",\"edition\":\"2021\",\"crateType\":"
		    "\"exe\",\"tests\":false,\"code\":\"\"}",
		    -EPROTO, "'exe' is not a valid crate type");
}

static void playground_request_read_evaluate_has_defaults(void **state)
{
	struct playground_request request;
	struct error err = {0};
	json_t *body =
		json_loads("{\"version\":\"nightly\",\"optimize\":\"2\",\"code\":\"\"}", 0, NULL);

	(void)state;
	assert_int_equal(playground_request_read_evaluate(body, &request, &err), 0);
	assert_string_equal(option(&request, "channel"), "nightly");
	assert_string_equal(option(&request, "edition"), "2015");
	assert_string_equal(option(&request, "mode"), "release");
	assert_string_equal(option(&request, "crate_type"), "bin");
	json_decref(body);
	check_fault(playground_request_read_evaluate,
		    "{\"version\":\"stable\",\"optimize\":0,\"code\":\"\"}", -EINVAL, "`optimize`");
	check_fault(playground_request_read_evaluate,
		    "{\"version\":\"stable\",\"optimize\":\"0\",\"code\":[]}", -EINVAL, "`code`");
	check_fault(playground_request_read_evaluate,
		    "{\"version\":\"old\",\"optimize\":\"0\",\"code\":\"\"}", -EPROTO, "'old'");
}

/* ---- messages of the WebSocket ---- */

static void message_fault(const char *text, json_int_t sequence, const char *words)
{
	struct playground_message message;
	struct error err = {0};
	json_int_t got = 99;

	assert_int_equal(playground_message_read(text, strlen(text), &message, &got, &err),
			 -EINVAL);
	assert_int_equal(got, sequence);
	if (!strstr(err.text, words))
		fail_msg("%s: %s", text, err.text);
}

static void playground_message_read_faults_keep_the_number(void **state)
{
	(void)state;
	message_fault("", -1, "empty");
	message_fault("{}", -1, "`meta`");
	message_fault("{\"type\":\"x\",\"meta\":{}}", -1, "sequenceNumber");
	message_fault("{\"type\":\"x\",\"meta\":{\"sequenceNumber\":\"1\"}}", -1, "sequenceNumber");
	message_fault("{\"type\":\"x\",\"meta\":{\"sequenceNumber\":5}}", 5, "`x`");
	message_fault("{\"meta\":{\"sequenceNumber\":6}}", 6, "`type`");
}

static void playground_message_read_greeting_needs_its_promise(void **state)
{
	static const char yes[] = "{\"type\":\"websocket/connected\",\"payload\":"
				  "{\"iAcceptThisIsAnUnsupportedApi\":true},"
				  "\"meta\":{\"sequenceNumber\":0}}";
	static const char no[] = "{\"type\":\"websocket/connected\",\"payload\":{},"
				 "\"meta\":{\"sequenceNumber\":0}}";
	struct playground_message message;
	json_int_t sequence;

	(void)state;
	assert_int_equal(playground_message_read(yes, strlen(yes), &message, &sequence, NULL), 0);
	assert_true(playground_message_is_greeting(&message));
	playground_message_fini(&message);
	assert_int_equal(playground_message_read(no, strlen(no), &message, &sequence, NULL), 0);
	assert_false(playground_message_is_greeting(&message));
	playground_message_fini(&message);
}

static void playground_message_write_payload_may_be_absent(void **state)
{
	char *text;

	(void)state;
	text = playground_message_write("t", NULL, -1);
	assert_string_equal(text, "{\"type\":\"t\",\"meta\":{\"sequenceNumber\":-1}}");
	free(text);
	text = playground_message_write("t", json_string("p"), 3);
	assert_string_equal(text,
			    "{\"type\":\"t\",\"payload\":\"p\",\"meta\":{\"sequenceNumber\":3}}");
	free(text);
}

static void read_good(playground_reader *read, const char *text, json_t **ret_body,
		      struct playground_request *ret_request)
{
	struct error err = {0};

	*ret_body = json_loads(text, 0, NULL);
	assert_non_null(*ret_body);
	if (read(*ret_body, ret_request, &err) < 0)
		fail_msg("%s: %s", text, err.text);
}

static void playground_request_read_compile_is_an_action_with_options(void **state)
{
	struct playground_request request;
	json_t *body;

	(void)state;
	read_good(playground_request_read_compile,
		  "{" FIELDS ",\"code\":\"\",\"target\":\"asm\",\"assemblyFlavor\":\"intel\","
		  "\"demangleAssembly\":\"mangle\",\"processAssembly\":\"raw\","
		  "\"backtrace\":true}",
		  &body, &request);
	assert_string_equal(request.job.action, "asm");
	assert_string_equal(option(&request, "assembly_flavor"), "intel");
	assert_string_equal(option(&request, "demangle_assembly"), "mangle");
	assert_string_equal(option(&request, "process_assembly"), "raw");
	assert_string_equal(option(&request, "mode"), "release");
	assert_int_equal(request.build.command, CARGO_RUSTC);
	json_decref(body);
	read_good(playground_request_read_compile,
		  "{" FIELDS ",\"code\":\"\",\"target\":\"mir\",\"assemblyFlavor\":\"x\"}", &body,
		  &request);
	assert_null(option(&request, "assembly_flavor"));
	json_decref(body);
	check_fault(playground_request_read_compile,
		    "{" FIELDS ",\"code\":\"\",\"target\":\"asm\",\"assemblyFlavor\":\"x\"}",
		    -EPROTO, "'x' is not a valid assembly flavor");
	check_fault(playground_request_read_compile, "{" FIELDS ",\"code\":\"\",\"target\":\"x\"}",
		    -EPROTO, "'x' is not a valid target");
	check_fault(playground_request_read_compile, "{" FIELDS ",\"code\":\"\"}", -EINVAL,
		    "missing field `target`");
}

static void playground_request_read_tools_have_defaults(void **state)
{
	struct playground_request request;
	json_t *body;

	(void)state;
	read_good(playground_request_read_format, "{\"edition\":\"2021\",\"code\":\"\"}", &body,
		  &request);
	assert_string_equal(request.job.action, "format");
	assert_string_equal(option(&request, "channel"), "nightly");
	assert_int_equal(request.build.command, CARGO_FMT);
	json_decref(body);
	read_good(playground_request_read_clippy,
		  "{\"edition\":\"2021\",\"code\":\"\",\"crateType\":\"lib\"}", &body, &request);
	assert_string_equal(request.job.action, "clippy");
	assert_string_equal(option(&request, "crate_type"), "lib");
	assert_true(request.build.command == CARGO_CHECK && !request.build.is_bin);
	json_decref(body);
	read_good(playground_request_read_expansion, "{\"edition\":\"2018\",\"code\":\"\"}", &body,
		  &request);
	assert_string_equal(request.job.action, "expand");
	assert_null(option(&request, "channel"));
	json_decref(body);
	check_fault(playground_request_read_miri,
		    "{\"edition\":\"2018\",\"code\":\"\",\"aliasingModel\":\"x\"}", -EPROTO,
		    "'x' is not a valid aliasing model");
	check_fault(playground_request_read_format, "{\"code\":\"\"}", -EPROTO,
		    "'' is not a valid edition");
}

static void playground_request_read_main_file_comes_first(void **state)
{
	struct playground_request request;
	json_t *body;

	(void)state;
	read_good(playground_request_read_format,
		  "{\"edition\":\"2021\",\"code\":[{\"name\":\"a.rs\",\"content\":\"a\"},"
		  "{\"name\":\"src/lib.rs\",\"content\":\"l\"},"
		  "{\"name\":\"src/main.rs\",\"content\":\"m\"}]}",
		  &body, &request);
	assert_string_equal(request.files[0].name, "src/main.rs");
	assert_string_equal(request.files[1].name, "src/lib.rs");
	assert_string_equal(request.files[2].name, "a.rs");
	json_decref(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(playground_request_read_compile_is_an_action_with_options),
		cmocka_unit_test(playground_request_read_tools_have_defaults),
		cmocka_unit_test(playground_request_read_main_file_comes_first),
		cmocka_unit_test(playground_request_read_fields_arrive),
		cmocka_unit_test(playground_request_read_tests_of_a_library_are_a_program),
		cmocka_unit_test(playground_request_read_faults_have_their_kind),
		cmocka_unit_test(playground_request_read_evaluate_has_defaults),
		cmocka_unit_test(playground_message_read_faults_keep_the_number),
		cmocka_unit_test(playground_message_read_greeting_needs_its_promise),
		cmocka_unit_test(playground_message_write_payload_may_be_absent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
