/*
 * claim: a bundle that does not say where it ends is refused
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
	(void)lies;
}

int main(int argc, char **argv)
{
	return lies_main(argc, argv, tell);
}
