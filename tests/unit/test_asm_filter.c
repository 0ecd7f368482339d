#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "front/asm_filter.h"

static void check(const char *text, const char *wanted)
{
	char *filtered;
	size_t len;

	assert_int_equal(asm_filter(text, strlen(text), &filtered, &len), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(asm_filter_of_a_function_keeps_its_instructions),
		cmocka_unit_test(asm_filter_of_labels_keeps_those_that_are_named),
		cmocka_unit_test(asm_filter_of_data_keeps_what_is_under_a_kept_label),
		cmocka_unit_test(asm_filter_of_sections_drops_those_for_tools),
		cmocka_unit_test(asm_filter_of_demangled_names_knows_labels),
		cmocka_unit_test(asm_filter_of_odd_text_is_harmless),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
