/*
 * claim: words go to the FIFO alone
 * layer: unpack
 * alone: none
 * where: host
 * args: {cell_exe} {tree}
 * expect: refused feed
 * control: host
 * control-args: {cell_exe} {tree} honest
 */
#include "lies.h"

static void tell(struct lies *lies)
{
	lies->used = 8;
	lies_add(lies, BUNDLE_LATER, "program", "x\n", 2);
}

int main(int argc, char **argv)
{
	return lies_early_main(argc, argv, NULL, tell);
}
