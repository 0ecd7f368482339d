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

/* check->data: the file, /etc/subuid or /etc/subgid. */
void check_subid(struct doctor *doctor, const struct doctor_check *check, struct finding *finding)
{
	const struct host *host = &doctor->host;
	const char *path = check->data;
	_cleanup_free_ char *text = NULL;
	struct subid_summary summary;
	const char *option = strcmp(path, "/etc/subuid") == 0 ? "uids" : "gids";

	int r = file_read(path, &text);
	parse_subids(r < 0 ? "" : text, host->user, host->uid, UIDS_FIRST, UIDS_LAST, &summary);
	if (summary.conflicts && host->is_root) {
		finding_set(finding, VERDICT_DEGRADED,
			    "%u rows reach into Sandlot's range, of %s first", summary.conflicts,
			    summary.conflict_owner);
		finding_remedy(finding,
			       "sudo usermod --del-sub%s %llu-%llu %s, and give another range",
			       option, (unsigned long long)UIDS_FIRST,
			       (unsigned long long)UIDS_LAST, summary.conflict_owner);
	} else if (summary.own_count >= CELL_UIDS_PER_SLOT) {
		finding_set(finding, VERDICT_OK, "%llu ids from %llu for %s",
			    (unsigned long long)summary.own_count,
			    (unsigned long long)summary.own_first, host->user);
	} else if (host->is_root) {
		finding_set(finding, VERDICT_OK, "no row for root, which needs none");
	} else {
		finding_set(finding, VERDICT_MISSING, "%s%s for %s", r < 0 ? error_words(-r) : "",
			    r < 0 ? ": no ids" : "no ids", host->user);
		if (summary.free_first)
			finding_remedy(finding, "sudo usermod --add-sub%s %llu-%llu %s", option,
				       (unsigned long long)summary.free_first,
				       (unsigned long long)summary.free_first + SUBID_COUNT - 1,
				       host->user);
	}
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

void check_newidmap(struct doctor *doctor, const struct doctor_check *check,
		    struct finding *finding)
{
	static const char *const programs[] = {"/usr/bin/newuidmap", "/usr/bin/newgidmap"};
	enum verdict worst = doctor->host.is_root ? VERDICT_OK : VERDICT_MISSING;
	const char *suffix = doctor->host.is_root ? ", and root needs none" : "";

	(void)check;
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++) {
		int r = is_privileged(programs[i]);
		if (r > 0)
			continue;
		finding_set(finding, worst, "%s %s%s", programs[i],
			    r < 0 ? "is not there" : "lacks its privilege", suffix);
		return;
	}
	finding_set(finding, VERDICT_OK, "newuidmap and newgidmap are there");
}
