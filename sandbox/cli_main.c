/*
 * Everything the supervisor does with a cell, without server, queue and protocol. Linked into
 * `sandlot` itself: becoming another program first takes longer than some of a cell's namespaces.
 */
#include "sandbox/cli.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cli_options.h"
#include "sandbox/cli_report.h"
#include "sandbox/cli_session.h"

static int enter_host(struct cell_host *host, const struct cli_options *options,
		      const struct cell_user *user, const char *cell_exe, struct error *err)
{
	char name[32];

	snprintf(name, sizeof(name), "sandlot-%d", (int)getpid());
	const struct cell_host_config config = {
		.image_dir = options->image_dir,
		.image_how = options->image_how,
		.cell_exe = cell_exe,
		.cgroup_name = name,
		.user = user,
		.binds = options->binds,
		.bind_count = options->bind_count,
		.without = options->without,
		.single = 1,
	};
	return cell_host_enter(host, &config, err);
}

/* Copies the artefact to its file, which was opened while the host's paths were visible. */
static int save_artefact(int artefact_fd, uint64_t bytes, int file_fd, struct error *err)
{
	off_t at = 0;

	while ((uint64_t)at < bytes) {
		ssize_t n = sendfile(file_fd, artefact_fd, &at, 1 << 30);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(err, n < 0 ? -errno : -EIO, "artefact",
					 "cannot write the artefact's file");
	}
	return 0;
}

/*
 * Where the artefact goes: the folder is opened before the cell starts, for after that the host's
 * paths are gone; the file itself is made only when there is something to put in it.
 */
struct destination {
	int folder_fd;
	const char *name;
};

static int open_destination(const char *path, struct destination *ret_destination,
			    struct error *err)
{
	char folder[4096] = ".";
	const char *slash = path ? strrchr(path, '/') : NULL;

	ret_destination->name = slash ? slash + 1 : path;
	if (!path)
		return 0;
	if (slash)
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path);
	ret_destination->folder_fd = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (ret_destination->folder_fd < 0)
		return error_set(err, -errno, "artefact", "cannot write %.150s", path);
	return 0;
}

static void keep_artefact(struct cell_result *result, const struct destination *destination)
{
	if (!destination->name || result->error.code || result->outcome != OUTCOME_EXITED)
		return;
	_cleanup_fd_ int fd = openat(destination->folder_fd, destination->name,
				     O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		error_set(&result->error, -errno, "artefact", "cannot write %.150s",
			  destination->name);
	else
		save_artefact(result->artefact_fd, result->artefact_bytes, fd, &result->error);
}

static int run(struct cli_options *options, const char *cell_exe, struct cli_ended *ret_ended,
	       struct error *err)
{
	struct destination destination = {.folder_fd = -EBADF};
	struct cell_user user;
	struct cell_host host;

	int r = open_destination(options->artefact_file, &destination, err);
	if (r < 0)
		return r;
	_cleanup_fd_ int folder_fd = destination.folder_fd;
	_cleanup_fd_ int bundle_fd = bundle_finish(&options->bundle);
	if (bundle_fd < 0)
		return error_set(err, bundle_fd, "bundle", "cannot pack the command and its files");
	r = cell_user_enter(1, &user, err);
	if (r < 0)
		return r;
	r = enter_host(&host, options, &user, cell_exe, err);
	if (r < 0) {
		cell_user_close(&user);
		return r;
	}
	/* That there is no range of user ids matters to servers: they have more than one cell. */
	if (host.no_cgroups[0])
		fprintf(stderr, "sandlot cell: warning: %s\n", host.no_cgroups);
	struct cell_launch launch = {
		.profile = options->profile,
		.without = options->without,
		.limits = options->limits,
		.bundle_fd = bundle_fd,
		.artefact_in_fd = -EBADF,
		.carry_fd = -EBADF,
		.fail_at_step = options->fail_at_step,
	};
	r = cli_session_run(&host, &launch, ret_ended, err);
	if (r == 0) {
		keep_artefact(&ret_ended->result, &destination);
		fd_close(ret_ended->result.artefact_fd);
	}
	cell_host_fini(&host);
	cell_user_close(&user);
	return r;
}

int cli_cell(int argc, char **argv, const char *cell_exe)
{
	struct cli_options options;
	struct cli_ended ended = {.result.outcome = OUTCOME_REFUSED};
	struct error err = {0};

	switch (cli_options_parse(argc, argv, &options, &err)) {
	case CLI_DONE:
		return 0;
	case CLI_USAGE:
		fprintf(stderr, "sandlot cell: %s\n", err.text);
		return CLI_EXIT_USAGE;
	case CLI_RUN:
		break;
	}
	/* Only this end of the report may be written to: not by the cell. */
	if (options.report_fd >= 0)
		fcntl(options.report_fd, F_SETFD, FD_CLOEXEC);
	sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
	if (run(&options, cell_exe, &ended, &err) < 0)
		ended.result.error = err;
	if (options.report_fd >= 0)
		cli_report_write(options.report_fd, &ended);
	cli_report_say(&ended.result);
	cli_options_fini(&options);
	return cli_report_exit(&ended.result, ended.signal);
}
