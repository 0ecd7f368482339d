/*
 * claim: a path with a NUL in it, two paths in one, is refused
 * layer: unpack
 * alone: none
 * where: host
 * args: {cell_exe} {tree}
 * expect: refused unpack
 * control: host
 * control-args: {cell_exe} {tree} honest
 */
#include "lies.h"

static void tell(struct lies *lies)
{
	lies->used += launcher_record(lies->data + lies->used, BUNDLE_FILE, "a", 3, "x", 1, 1);
	/* The record holds one letter of its name: two more, and the body again. */
	memcpy(lies->data + lies->used - 1, "\0bx", 3);
	lies->used += 2;
	lies_add(lies, BUNDLE_END, "", NULL, 0);
}

int main(int argc, char **argv)
{
	return lies_main(argc, argv, tell);
}
