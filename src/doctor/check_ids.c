/* Host ids for cells: Sandlot's own range, and what users without root may map. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "doctor/doctor.h"
#include "doctor/parse.h"
#include "sandbox/sandbox.h"

/* What systemd's table of ids leaves unused. */
#define UIDS_FIRST ((uint64_t)CELL_UID_FIRST_DEFAULT)
#define UIDS_LAST UINT64_C(2147352575)

void check_uid_range(struct doctor *doctor, const struct doctor_check *check,
		     struct finding *finding)
{
	static const char *const maps[] = {"/proc/self/uid_map", "/proc/self/gid_map"};
	_cleanup_free_ char *passwd = NULL;
	char name[USER_NAME_MAX] = "";

	(void)check;
	if (!doctor->host.is_root) {
		finding_set(finding, VERDICT_OK, "not used without root");
		return;
	}
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		_cleanup_free_ char *map = NULL;
		if (file_read(maps[i], &map) == 0 &&
		    !parse_map_covers(map, UIDS_FIRST, UIDS_LAST - UIDS_FIRST + 1)) {
			finding_set(finding, VERDICT_MISSING,
				    "%llu to %llu do not exist in this user namespace",
				    (unsigned long long)UIDS_FIRST, (unsigned long long)UIDS_LAST);
			return;
		}
	}
	unsigned users = 0;
	if (file_read("/etc/passwd", &passwd) == 0)
		users = parse_users_between(passwd, UIDS_FIRST, UIDS_LAST, name, sizeof(name));
	if (users)
		finding_set(finding, VERDICT_DEGRADED, "%u users have ids in it, %s among them",
			    users, name);
	else
		finding_set(finding, VERDICT_OK, "%llu to %llu are nobody's",
			    (unsigned long long)UIDS_FIRST, (unsigned long long)UIDS_LAST);
}

/* A user's own range: is it there, enough, and his alone? */
static void judge_subids(const struct host *host, const struct subid_summary *own,
			 const struct subid_summary *others, struct finding *finding)
{
	unsigned long long first = own->own_first, count = own->own_count;
	/* Cells that are dying hold theirs while others start. */
	unsigned long long steps = count / (2 * CELL_UIDS_PER_SLOT);

	finding_set(finding, VERDICT_OK, "%llu ids from %llu for %s", count, first, host->user);
	if (others->conflicts) {
		finding_set(finding, VERDICT_DEGRADED,
			    "%llu ids from %llu for %s, into which %u rows of others reach, of %s "
			    "first",
			    count, first, host->user, others->conflicts, others->conflict_owner);
	} else if (steps < doctor_steps()) {
		finding_set(finding, VERDICT_DEGRADED, "%llu ids from %llu for %s", count, first,
			    host->user);
		finding_cost(finding, "%llu steps run at a time, and not %u: each needs ids",
			     steps ? steps : 1, doctor_steps());
	}
}

static void propose_subids(const struct host *host, const char *kind, uint64_t free_first,
			   struct finding *finding)
{
	if (finding->verdict != VERDICT_OK && free_first)
		finding_remedy(finding, "sudo usermod --add-sub%s %llu-%llu %s", kind,
			       (unsigned long long)free_first,
			       (unsigned long long)free_first + SUBID_COUNT - 1, host->user);
}

static void check_subid_of_root(const struct subid_summary *summary, const char *kind,
				struct finding *finding)
{
	if (!summary->conflicts) {
		finding_set(finding, VERDICT_OK, "no row reaches into Sandlot's range");
		return;
	}
	finding_set(finding, VERDICT_DEGRADED, "%u rows reach into Sandlot's range, of %s first",
		    summary->conflicts, summary->conflict_owner);
	finding_remedy(finding, "sudo usermod --del-sub%s %llu-%llu %s, and give another range",
		       kind, (unsigned long long)UIDS_FIRST, (unsigned long long)UIDS_LAST,
		       summary->conflict_owner);
}

/* check->data: the file, /etc/subuid or /etc/subgid. */
void check_subid(struct doctor *doctor, const struct doctor_check *check, struct finding *finding)
{
	const struct host *host = &doctor->host;
	const char *path = check->data;
	_cleanup_free_ char *text = NULL;
	struct subid_summary summary, others;
	const char *kind = strcmp(path, "/etc/subuid") == 0 ? "uids" : "gids";

	int r = file_read(path, &text);
	const char *rows = r < 0 ? "" : text;
	parse_subids(rows, host->user, host->uid, UIDS_FIRST, UIDS_LAST, &summary);
	if (host->is_root) {
		check_subid_of_root(&summary, kind, finding);
		return;
	}
	if (summary.own_count < CELL_UIDS_PER_SLOT) {
		finding_set(finding, VERDICT_MISSING, "%s%s for %s", r < 0 ? error_words(-r) : "",
			    r < 0 ? ": no ids" : "no ids", host->user);
	} else {
		parse_subids(rows, host->user, host->uid, summary.own_first,
			     summary.own_first + summary.own_count - 1, &others);
		judge_subids(host, &summary, &others, finding);
	}
	propose_subids(host, kind, summary.free_first, finding);
}

/* Root's by mode or by file capability? */
static int is_privileged(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	return (st.st_uid == 0 && (st.st_mode & S_ISUID)) ||
	       getxattr(path, "security.capability", NULL, 0) > 0;
}

/* Is the first that Sandlot finds privileged? Returns 1, 0, or a negative errno without any. */
static int helper_state(const char *name)
{
	static const char *const folders[] = CELL_USER_HELPER_FOLDERS;
	char path[64];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return is_privileged(path);
	}
	return -ENOENT;
}

void check_newidmap(struct doctor *doctor, const struct doctor_check *check,
		    struct finding *finding)
{
	static const char *const names[] = {"newuidmap", "newgidmap"};
	enum verdict worst = doctor->host.is_root ? VERDICT_OK : VERDICT_MISSING;
	const char *suffix = doctor->host.is_root ? ", and root needs none" : "";

	(void)check;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int r = helper_state(names[i]);
		if (r > 0)
			continue;
		finding_set(finding, worst, "%s %s%s", names[i],
			    r < 0 ? "is not there" : "lacks its privilege", suffix);
		return;
	}
	finding_set(finding, VERDICT_OK, "newuidmap and newgidmap are there");
}
