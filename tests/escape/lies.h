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

/* Inside the cell of an early job: reads its words, as a compiler does its argument file. */
static inline int lies_read_words(void)
{
	char words[16] = "";
	int fd = open(".args", O_RDONLY | O_CLOEXEC);
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, words + used, sizeof(words) - 1 - used)) > 0)
		used += (size_t)n;
	return n < 0 || strcmp(words, "one\ntwo\n") != 0;
}

/* The same of a job that is started early. early, later: NULL: that bundle is honest. */
static inline int lies_early_main(int argc, char **argv, lies_function *early, lies_function *later)
{
	struct lies first, rest = {.data = malloc(LIES_ROOM), .used = 8};

	if (argc == 2)
		return strcmp(argv[1], "inside") != 0 || lies_read_words();
	if (argc < 3)
		return 2;
	lies_begin(&first, "inside");
	lies_add(&first, BUNDLE_FIFO, ".args", NULL, 0);
	if (early && argc == 3)
		early(&first);
	lies_add(&first, BUNDLE_END, "", NULL, 0);
	memcpy(rest.data, first.data, 8);
	lies_add(&rest, BUNDLE_FILE, "file", "x", 1);
	lies_add(&rest, BUNDLE_LATER, ".args", "one\ntwo\n", 8);
	if (later && argc == 3)
		later(&rest);
	lies_add(&rest, BUNDLE_END, "", NULL, 0);
	int first_fd = memfd_new_sealed("lie", first.data, first.used);
	int rest_fd = memfd_new_sealed("lie", rest.data, rest.used);
	puts(launcher_run_early(argv[1], argv[2], first_fd, rest_fd).text);
	return 0;
}

#endif
