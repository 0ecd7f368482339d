/*
 * claim: what is started early hands nothing on that its job did not name
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
	lies_add(lies, BUNDLE_ARTEFACT_OUT, "program", NULL, 0);
}

int main(int argc, char **argv)
{
	return lies_early_main(argc, argv, tell, NULL);
}
