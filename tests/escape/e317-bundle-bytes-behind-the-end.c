/*
 * claim: nothing may follow the end
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
	lies_add(lies, BUNDLE_END, "", NULL, 0);
	lies_add(lies, BUNDLE_FILE, "a", "x", 1);
	lies_add(lies, BUNDLE_END, "", NULL, 0);
}

int main(int argc, char **argv)
{
	return lies_main(argc, argv, tell);
}
