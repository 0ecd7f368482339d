/*
 * The ids cells are mapped to: root's from a range of the host's that nothing else uses, others'
 * from their own range, seen from within a user namespace where it begins at 1.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/folder.h"
#include "sandbox/user.h"

enum { TEXT_MAX = 1 << 20, FOLDER_BYTES = 4096 };

/* The end of what systemd's table of user ids leaves unused; see sandbox.h. */
#define UID_LAST ((uid_t)2147352575)

static char *read_text(const char *path)
{
	char *text = NULL;

	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, TEXT_MAX, &text, NULL) < 0)
		return NULL;
	return text;
}

/* Where a user's claims could lie, best first; 0 when there is no such place. */
static int claims_place(unsigned number, uid_t uid, char *ret_folder, size_t size)
{
	static const char in_home[] = ".local/state/sandlot-run";
	_cleanup_free_ char *users = read_text("/etc/passwd");
	const char *variable = getenv("HOME");
	char home[FOLDER_BYTES / 2] = "";

	switch (number) {
	case 0:
		if (users)
			subid_user_home(users, uid, home, sizeof(home));
		break;
	case 1:
		snprintf(ret_folder, size, "/run/user/%u/sandlot", uid);
		return 1;
	default:
		snprintf(home, sizeof(home), "%s", variable ? variable : "");
	}
	snprintf(ret_folder, size, "%s/%s", home, in_home);
	return home[0] == '/';
}

/*
 * The same for all launchers of a user, or their claims would not meet: his home by passwd(5) does
 * not change with a login, as /run/user does, or with the environment. That is left to users who
 * have no such home, as services do.
 */
static int claims_folder(uid_t uid, char *ret_folder, size_t size, struct error *err)
{
	enum { PLACES = 3 };

	snprintf(ret_folder, size, "/run/sandlot");
	if (uid == 0)
		return 0;
	for (unsigned i = 0; i < PLACES; i++)
		if (claims_place(i, uid, ret_folder, size) &&
		    folder_make_path(ret_folder, 0700) == 0 && access(ret_folder, W_OK | X_OK) == 0)
			return 0;
	return error_set_plain(err, -ENOENT, "user",
			       "user %u has no folder to keep account in of the user ids in use: "
			       "neither his home, nor /run/user/%u, nor HOME can be written to",
			       uid, uid);
}

static int claim(struct cell_user *user, const char *folder, uid_t first, unsigned total,
		 unsigned slots, struct error *err)
{
	unsigned slot;

	int r = user_claim_slots(folder, total, slots, &slot, &user->uids.slots, &user->claim_fd,
				 err);
	if (r == 0)
		user->uids.first = first + slot * CELL_UIDS_PER_SLOT;
	return r;
}

static int enter_as_root(struct cell_user *user, unsigned slots, struct error *err)
{
	const unsigned total = (UID_LAST - CELL_UIDS_FIRST + 1) / CELL_UIDS_PER_SLOT;
	char folder[FOLDER_BYTES];

	user->ids = CELL_IDS_ROOT;
	user->host_first = CELL_UIDS_FIRST;
	user->host_count = total * CELL_UIDS_PER_SLOT;
	int r = claims_folder(0, folder, sizeof(folder), err);
	return r < 0 ? r : claim(user, folder, CELL_UIDS_FIRST, total, slots, err);
}

static int enter_as_user(struct cell_user *user, unsigned slots, struct error *err)
{
	struct subid_range range;
	char folder[FOLDER_BYTES];

	int r = user_ns_enter(&range, user->missing, sizeof(user->missing), err);
	if (r < 0)
		return r;
	user->ids = CELL_IDS_SINGLE;
	user->uids = (struct cell_uid_range){0, slots};
	user->host_first = user->host_uid;
	user->host_count = 1;
	if (range.count < CELL_UIDS_PER_SLOT)
		return 0;
	user->ids = CELL_IDS_RANGE;
	user->host_first = range.first;
	user->host_count = range.count;
	r = claims_folder(user->host_uid, folder, sizeof(folder), err);
	/* Inside, the range begins at 1. */
	return r < 0 ? r : claim(user, folder, 1, range.count / CELL_UIDS_PER_SLOT, slots, err);
}

int cell_user_enter(unsigned slots, struct cell_user *ret_user, struct error *err)
{
	struct cell_user user = {.claim_fd = -EBADF, .host_uid = geteuid()};
	int r = geteuid() == 0 ? enter_as_root(&user, slots, err)
			       : enter_as_user(&user, slots, err);
	if (r < 0)
		cell_user_close(&user);
	else
		*ret_user = user;
	return r;
}

void cell_user_close(struct cell_user *user)
{
	user->claim_fd = fd_close(user->claim_fd);
}

/* Whom we are not to take for another. Root has no line for what we use: all others are others. */
static const char *own_name(const struct cell_user *user, const char *users, uid_t uid,
			    char *ret_name, size_t size)
{
	if (user->ids == CELL_IDS_ROOT || !users || !subid_user_name(users, uid, ret_name, size))
		return NULL;
	return ret_name;
}

int cell_user_conflict(const struct cell_user *user, char *ret_text, size_t size)
{
	static const char *const files[] = {"/etc/subuid", "/etc/subgid"};
	const struct subid_range range = {user->host_first, user->host_count};
	_cleanup_free_ char *users = read_text("/etc/passwd");
	char name[256], other[64];
	uid_t uid = user->host_uid;
	const char *own = own_name(user, users, uid, name, sizeof(name));

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		_cleanup_free_ char *text = read_text(files[i]);
		if (!text || !subid_overlaps(text, range, own, uid, other, sizeof(other)))
			continue;
		snprintf(ret_text, size,
			 "%s gives %s ids in %u…%u, which cells are mapped to: what runs there "
			 "under them and cells could reach each other",
			 files[i], other, range.first, range.first + range.count - 1);
		return 1;
	}
	return 0;
}
