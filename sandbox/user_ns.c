/*
 * Becoming root of a user namespace of our own (user_namespaces(7)). A process may map itself
 * alone; a range is mapped by newuidmap(1) and newgidmap(1), which may for they are set-user-ID and
 * read /etc/subuid and /etc/subgid. They must run outside of the new namespace, on a process that
 * is in it already: a child made before waits for that.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/user.h"

enum { TEXT_MAX = 1 << 20, NAME_BYTES = 256, NUMBER_BYTES = 12, NUMBERS = 7 };

static const char *const helper_folders[] = CELL_USER_HELPER_FOLDERS;

/* One of the two helpers. */
struct helper {
	const char *name, *file; /* newuidmap, /etc/subuid */
	unsigned own_id;
	struct subid_range range;
	char path[64];
	char numbers[NUMBERS][NUMBER_BYTES];
	char *argv[NUMBERS + 2];
};

static int write_file(const char *path, const char *text)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return write(fd, text, strlen(text)) < 0 ? -errno : 0;
}

static char *read_file(const char *path)
{
	char *text = NULL;

	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, TEXT_MAX, &text, NULL) < 0)
		return NULL;
	return text;
}

/* The name the helpers will look for. They look it up themselves: a wrong USER gains nothing. */
static const char *user_name(uid_t uid, char *ret_name, size_t size)
{
	_cleanup_free_ char *text = read_file("/etc/passwd");

	if (text && subid_user_name(text, uid, ret_name, size))
		return ret_name;
	return getenv("USER");
}

/* Returns 1 when the helper can be used; or 0, and missing says what it lacks. */
static int helper_find(struct helper *helper, uid_t uid, char *missing, size_t size)
{
	char name[NAME_BYTES];
	const char *user = user_name(uid, name, sizeof(name));
	_cleanup_free_ char *text = read_file(helper->file);

	if (!text || !subid_find(text, user, uid, &helper->range)) {
		snprintf(missing, size, "%s gives no range to user %u", helper->file, uid);
		return 0;
	}
	for (size_t i = 0; i < sizeof(helper_folders) / sizeof(helper_folders[0]); i++) {
		snprintf(helper->path, sizeof(helper->path), "%s/%s", helper_folders[i],
			 helper->name);
		if (access(helper->path, X_OK) == 0)
			return 1;
	}
	snprintf(missing, size, "there is no %s (package uidmap)", helper->name);
	return 0;
}

/* NAME PID 0 OWN 1 1 FIRST COUNT: our own id becomes 0, the range follows. */
static void helper_fill(struct helper *helper, pid_t pid, uint32_t count)
{
	const unsigned numbers[NUMBERS] = {(unsigned)pid,	0,    helper->own_id, 1, 1,
					   helper->range.first, count};

	helper->argv[0] = helper->path;
	for (size_t i = 0; i < NUMBERS; i++) {
		snprintf(helper->numbers[i], NUMBER_BYTES, "%u", numbers[i]);
		helper->argv[1 + i] = helper->numbers[i];
	}
}

/* In the child: runs one helper, silently. Returns 0 when it did its work. */
static int helper_run(const struct helper *helper)
{
	char *const envp[] = {NULL};
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		/* What it has to complain about, we say ourselves. */
		int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
		if (null_fd >= 0 && dup2(null_fd, STDOUT_FILENO) >= 0 &&
		    dup2(null_fd, STDERR_FILENO) >= 0)
			execve(helper->path, helper->argv, envp);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

/*
 * Starts the child that maps us once told to. Group ids first: a failure of the second helper then
 * leaves user ids unmapped, which we can still map alone. Exit status: how many helpers failed.
 */
static pid_t mapper_start(const struct helper helpers[2], int go_fds[2])
{
	char go;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	close(go_fds[1]);
	if (read(go_fds[0], &go, 1) != 1)
		_exit(2); /* the parent gave up */
	if (helper_run(&helpers[0]) < 0)
		_exit(2);
	_exit(helper_run(&helpers[1]) < 0 ? 1 : 0);
}

static int mapper_wait(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}

static int refused(struct error *err, int code, const char *what)
{
	return error_set(
		err, code, "user",
		"%s: without root, cells need user namespaces; see the sysctls "
		"kernel.unprivileged_userns_clone, kernel.apparmor_restrict_unprivileged_userns "
		"and user.max_user_namespaces",
		what);
}

static int unshare_user(struct error *err)
{
	return unshare(CLONE_NEWUSER) < 0 ? refused(err, -errno, "cannot make a user namespace")
					  : 0;
}

/* Maps our own ids alone. groups_mapped: the group ids are, already, by the helper. */
static int map_alone(uid_t uid, gid_t gid, int groups_mapped, struct error *err)
{
	char text[32];
	int r = 0;

	if (!groups_mapped) {
		/* user_namespaces(7): only who cannot drop groups any more may map one alone. */
		snprintf(text, sizeof(text), "0 %u 1\n", gid);
		r = write_file("/proc/self/setgroups", "deny");
		if (r == 0)
			r = write_file("/proc/self/gid_map", text);
	}
	snprintf(text, sizeof(text), "0 %u 1\n", uid);
	if (r == 0)
		r = write_file("/proc/self/uid_map", text);
	return r < 0 ? refused(err, r, "cannot map our own ids") : 0;
}

/* Returns the helpers' count of failures: 0 is a whole map, 1 has the groups', 2 nothing. */
static int unshare_with_helpers(struct helper helpers[2], uint32_t count, struct error *err)
{
	int go_fds[2];

	for (int i = 0; i < 2; i++)
		helper_fill(&helpers[i], getpid(), count);
	if (pipe2(go_fds, O_CLOEXEC) < 0)
		return error_set(err, -errno, "user", "cannot make a pipe");
	pid_t pid = mapper_start(helpers, go_fds);
	_cleanup_fd_ int wait_fd = go_fds[0];
	_cleanup_fd_ int go_fd = go_fds[1];
	if (pid < 0)
		return error_set(err, -errno, "user", "cannot fork");
	int r = unshare_user(err);
	if (r == 0 && write(go_fd, "", 1) != 1)
		r = error_set(err, -errno, "user", "cannot have our ids mapped");
	go_fd = fd_close(go_fd);
	int failures = mapper_wait(pid);
	return r < 0 ? r : failures;
}

int user_ns_enter(struct subid_range *ret_range, char *missing, size_t size, struct error *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	struct helper helpers[2] = {
		{.name = "newgidmap", .file = "/etc/subgid", .own_id = gid},
		{.name = "newuidmap", .file = "/etc/subuid", .own_id = uid},
	};
	uint32_t count = 0;
	int failures = 2;

	missing[0] = '\0';
	if (helper_find(&helpers[0], uid, missing, size) &&
	    helper_find(&helpers[1], uid, missing, size))
		count = helpers[0].range.count < helpers[1].range.count ? helpers[0].range.count
									: helpers[1].range.count;
	int r = count ? unshare_with_helpers(helpers, count, err) : unshare_user(err);
	if (r < 0)
		return r;
	if (count)
		failures = r;
	if (count && failures) {
		snprintf(missing, size, "%s refuses to map the range of user %u",
			 helpers[2 - failures].name, uid);
		count = 0;
	}
	if (failures) {
		r = map_alone(uid, gid, failures == 1, err);
		if (r < 0)
			return r;
	}
	/* Where groups can be dropped, they are; else they go on meaning what they mean outside. */
	if (count && setgroups(0, NULL) < 0)
		return error_set(err, -errno, "user", "cannot drop supplementary groups");
	*ret_range = (struct subid_range){helpers[1].range.first, count};
	return 0;
}
