/*
 * Bundles that lie, for cases that are launchers: what a front end that was taken over could send.
 * One case, one lie. main's arguments: the cell's executable, the tree, and `honest` for the
 * control or nothing; inside the cell the program is executed with `inside` alone, and ends well.
 */
#ifndef TESTS_ESCAPE_LIES_H
#define TESTS_ESCAPE_LIES_H

#include <sys/mman.h>
#include <sys/stat.h>

#include "launcher.h"

enum { LIES_ROOM = 8 << 20 };

/* What a lie is told with: the bundle so far, which it adds to. */
struct lies {
	unsigned char *data;
	size_t used;
};

static inline void lies_add(struct lies *lies, enum bundle_type type, const char *name,
			    const void *body, size_t len)
{
	lies->used += launcher_record(lies->data + lies->used, (uint32_t)type, name,
				      (uint32_t)strlen(name), body, len, len);
}

/* The test's own executable as the program, and its one argument. */
static inline void lies_begin(struct lies *lies, const char *word)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct stat st;

	lies->data = malloc(LIES_ROOM);
	memcpy(lies->data, "SLBNDL1", 8);
	lies->used = 8;
	if (fstat(fd, &st) < 0)
		abort();
	void *self = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	lies_add(lies, BUNDLE_PROGRAM, "program", self, (size_t)st.st_size);
	lies_add(lies, BUNDLE_ARG, "", "./program", 9);
	lies_add(lies, BUNDLE_ARG, "", word, strlen(word));
}

typedef void lies_function(struct lies *lies);

/* tell: adds to or spoils an honest bundle, whose end is still missing; ends it if need be. */
static inline int lies_main(int argc, char **argv, lies_function *tell)
{
	struct lies lies;

	if (argc == 2)
		return strcmp(argv[1], "inside") != 0;
	if (argc < 3)
		return 2;
	lies_begin(&lies, "inside");
	if (argc > 3)
		lies_add(&lies, BUNDLE_END, "", NULL, 0);
	else
		tell(&lies);
	int fd = memfd_new_sealed("lie", lies.data, lies.used);
	puts(launcher_run(argv[1], argv[2], fd).text);
	return 0;
}

#endif
