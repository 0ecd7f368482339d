/*
 * Runs a target over files, without libFuzzer: replay FOLDER… Each file in a process of its own, so
 * that one that fails does not hide the others. Prints those that fail and, last, how many there
 * were.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

enum { FILE_SECONDS = 20, FILE_BYTES_MAX = 16 << 20 };

static int file_run(const char *path)
{
	char *data = NULL;
	size_t len = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fd_read_all(fd, FILE_BYTES_MAX, &data, &len) < 0)
		return 1;
	close(fd);
	LLVMFuzzerTestOneInput((const uint8_t *)data, len);
	free(data);
	return 0;
}

/* Returns 1 when all was well. */
static int file_try(const char *path)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		alarm(FILE_SECONDS);
		exit(file_run(path)); /* not _exit: leaks are looked for at the end */
	}
	if (pid < 0)
		return 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 1;
	fprintf(stderr, "%s: %s %d\n", path, WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	return 0;
}

static int folder_try(const char *path, unsigned *passed, unsigned *failed)
{
	struct dirent **entries;
	char file[4096];
	int count = scandir(path, &entries, NULL, alphasort);

	if (count < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	for (int i = 0; i < count; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			*(file_try(file) ? passed : failed) += 1;
		free(entries[i]);
	}
	free(entries);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned passed = 0, failed = 0;

	for (int i = 1; i < argc; i++)
		if (folder_try(argv[i], &passed, &failed) < 0)
			failed++;
	printf("%u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
