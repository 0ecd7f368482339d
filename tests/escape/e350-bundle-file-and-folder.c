/*
 * claim: a file and a folder cannot both be handed on
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
	lies_add(lies, BUNDLE_COLLECT, "a", NULL, 0);
	lies_add(lies, BUNDLE_ARTEFACT_OUT, "b", NULL, 0);
	lies_add(lies, BUNDLE_END, "", NULL, 0);
}

int main(int argc, char **argv)
{
	return lies_main(argc, argv, tell);
}
