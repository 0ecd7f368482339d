/*
 * claim: words come once
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
	lies_add(lies, BUNDLE_LATER, ".args", "x\n", 2);
}

int main(int argc, char **argv)
{
	return lies_early_main(argc, argv, NULL, tell);
}
