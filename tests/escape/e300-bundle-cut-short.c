/*
 * claim: a bundle cut short is refused
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
	lies->used -= 20;
}

int main(int argc, char **argv)
{
	return lies_main(argc, argv, tell);
}
