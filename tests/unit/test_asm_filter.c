#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "front/asm_filter.h"

static void check(const char *text, const char *wanted)
{
	char *filtered;
	size_t len;

	assert_int_equal(asm_filter(text, strlen(text), NULL, &filtered, &len), 0);
	assert_int_equal(len, strlen(filtered));
	assert_string_equal(filtered, wanted);
	free(filtered);
}

static void asm_filter_of_a_function_keeps_its_instructions(void **state)
{
	(void)state;
	check("\t.file\t\"main.c\"\n\t.text\n\t.globl\ttriple\n\t.type\ttriple, @function\n"
	      "triple:\n.LFB0:\n\t.cfi_startproc\n\tpushq\t%rbp\n\t# note\n\n\tret\n"
	      "\t.cfi_endproc\n.LFE0:\n\t.size\ttriple, .-triple\n",
	      "triple:\n\tpushq\t%rbp\n\tret\n");
}

static void asm_filter_of_labels_keeps_those_that_are_named(void **state)
{
	(void)state;
	check("f:\n.L1:\n\tjmp\t.L2\n.L2:\n\tlea .LC0(%rip), %rax\n.L3:\n\tret\n.L20:\n\tnop\n"
	      "g:\n\tcall f@PLT\n",
	      "f:\n\tjmp\t.L2\n.L2:\n\tlea .LC0(%rip), %rax\n\tret\n\tnop\n\ng:\n\tcall f@PLT\n");
}

static void asm_filter_of_data_keeps_what_is_under_a_kept_label(void **state)
{
	(void)state;
	check(".LC0:\n\t.string\t\"kept .L9\"\n.LC1:\n\t.string\t\"dropped\"\nf:\n"
	      "\tleaq\t.LC0(%rip), %rdi\n\t.p2align 4\ntable:\n\t.quad\t.L5\n\t.zero 3\n.L5:\n",
	      ".LC0:\n\t.string\t\"kept .L9\"\n\nf:\n\tleaq\t.LC0(%rip), %rdi\n\ntable:\n"
	      "\t.quad\t.L5\n\t.zero 3\n.L5:\n");
}

static void asm_filter_of_sections_drops_those_for_tools(void **state)
{
	(void)state;
	check("f:\n\tret\n\t.section\t.debug_info,\"\",@progbits\n.Ldebug:\n\t.long\t.Lx\nname:\n"
	      "\t.section\t\".note.GNU-stack\",\"\"\n\t.byte 1\n\t.section .gcc_except_table\n"
	      "\t.byte 2\n\t.text\n.Lx:\ng:\n\tnop\n",
	      "f:\n\tret\n\ng:\n\tnop\n");
}

static void asm_filter_of_demangled_names_knows_labels(void **state)
{
	(void)state;
	check("core::ptr::drop_in_place<[u8; 3]>:\n\tret\nmain::{closure#0}:\n\tret\n"
	      "a::b: # @\"a::b\"\n\tcall core::fmt::f(int, char const*)\n",
	      "core::ptr::drop_in_place<[u8; 3]>:\n\tret\n\nmain::{closure#0}:\n\tret\n\n"
	      "a::b: # @\"a::b\"\n\tcall core::fmt::f(int, char const*)\n");
}

static void asm_filter_of_odd_text_is_harmless(void **state)
{
	(void)state;
	check("", "");
	check("\n\n\n", "");
	check(":", ":\n");
	check("a:", "a:\n");
	check("\tret", "\tret\n");
	check("a:\nb:\nc:", "a:\n\nb:\n\nc:\n");
	check(".L", "");
	check("f:\n\tjmp .L", "f:\n\tjmp .L\n");
	check("\t.section", "");
}

/* What is filtered, each line with the place it comes from: "FILE:LINE	text". */
static void check_lines(const char *text, const char *wanted)
{
	static char *const names[] = {"src/main.rs", "src/a \"b\".rs", "h\303\274.h"};
	struct asm_lines lines = {.names = names, .name_count = 3};
	char got[1024], *filtered, *at;
	size_t len, used = 0;

	assert_int_equal(asm_filter(text, strlen(text), &lines, &filtered, &len), 0);
	at = filtered;
	for (size_t i = 0; i < lines.count; i++) {
		struct asm_line from = lines.noted[i];
		int n = (int)strcspn(at, "\n");
		used += (size_t)snprintf(got + used, sizeof(got) - used, "%u:%u%.*s\n",
					 (unsigned)from.file, (unsigned)from.line, n, at);
		at += n + 1;
	}
	assert_int_equal(at - filtered, len);
	assert_string_equal(got, wanted);
	free(lines.noted);
	free(filtered);
}

static void asm_filter_with_lines_notes_where_code_comes_from(void **state)
{
	(void)state;
	check_lines(
		"\t.file\t\"x.rs\"\n\t.file\t1 \"/playground\" \"src/main.rs\" md5 0x12\nf:\n"
		"\t.loc\t1 3 0\n\t.cfi_startproc\n\tpush\n.Ltmp0:\n\t.loc\t1 4 13 prologue_end\n"
		"\tnop\n\tjmp .L1\n.L1:\n\tret\n.LC0:\n\t.string \"x\"\ng:\n\tret\n",
		"0:0f:\n0:3\tpush\n0:4\tnop\n0:4\tjmp .L1\n0:0.L1:\n0:4\tret\n0:0\n0:0g:\n"
		"0:0\tret\n");
}

static void asm_filter_with_lines_knows_the_visitors_files_alone(void **state)
{
	(void)state;
	check_lines("\t.file 1 \"/rustc/1\" \"src/main.rs\"\n\t.file 2 \"./src/a \\\"b\\\".rs\"\n"
		    "\t.file 3 \"/tmp\" \"/playground/h\\303\\274.h\"\n\t.file 4 \"main.rs\"\nf:\n"
		    "\t.loc 1 2\n\ta\n\t.loc 2 2\n\tb\n\t.loc 3 7\n\tc\n\t.loc 4 2\n\td\n\t.loc 2 "
		    "0\n\te\n",
		    "0:0f:\n0:0\ta\n1:2\tb\n2:7\tc\n0:0\td\n0:0\te\n");
}

static void asm_filter_with_lines_of_odd_directives_notes_none(void **state)
{
	(void)state;
	check_lines(
		"\t.file 5000 \"src/main.rs\"\n\t.file 99999999999999999999 \"src/main.rs\"\n"
		"\t.file 1 \"src/main.rs\n\t.file 1\n\t.file -1 \"src/main.rs\"\n\t.file 1 \"\\\n"
		"\t.loc 5000 1\n\ta\n\t.loc 1 1\n\tb\n\t.loc\n\tc\n\t.file 1 \"src/main.rs\"\n"
		"\t.loc 1 4294967299\n\td\n\t.loc 1 1\n\te\n\t.loc x\n\tf\n\t.locs 1 1\n\tg\n",
		"0:0\ta\n0:0\tb\n0:0\tc\n0:0\td\n0:1\te\n0:0\tf\n0:0\tg\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asm_filter_of_a_function_keeps_its_instructions),
		cmocka_unit_test(asm_filter_of_labels_keeps_those_that_are_named),
		cmocka_unit_test(asm_filter_of_data_keeps_what_is_under_a_kept_label),
		cmocka_unit_test(asm_filter_of_sections_drops_those_for_tools),
		cmocka_unit_test(asm_filter_of_demangled_names_knows_labels),
		cmocka_unit_test(asm_filter_of_odd_text_is_harmless),
		cmocka_unit_test(asm_filter_with_lines_notes_where_code_comes_from),
		cmocka_unit_test(asm_filter_with_lines_knows_the_visitors_files_alone),
		cmocka_unit_test(asm_filter_with_lines_of_odd_directives_notes_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
