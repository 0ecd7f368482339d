/*
 * claim: files are counted, by the limit on inodes at the latest
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
	for (int i = 0; i < 70000; i++) {
		char name[16];
		snprintf(name, sizeof(name), "f%d", i);
		lies_add(lies, BUNDLE_FILE, name, "", 0);
	}
	lies_add(lies, BUNDLE_END, "", NULL, 0);
}

int main(int argc, char **argv)
{
	return lies_main(argc, argv, tell);
}
