/*
 * claim: what comes with the job makes no program
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
	lies_add(lies, BUNDLE_PROGRAM, "other", "x", 1);
}

int main(int argc, char **argv)
{
	return lies_early_main(argc, argv, NULL, tell);
}
