/*
 * claim: lengths that add up to little, with a carry, are refused
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
	lies->used += launcher_record(lies->data + lies->used, BUNDLE_FILE, "a", 16, "x", 1,
				      (uint64_t)0 - 16);
	lies_add(lies, BUNDLE_END, "", NULL, 0);
}

int main(int argc, char **argv)
{
	return lies_main(argc, argv, tell);
}
