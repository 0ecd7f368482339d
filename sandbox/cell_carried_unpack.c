#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "sandbox/cell_carried.h"

/* A packet in memory. Nobody changes it meanwhile; if somebody did, only we would suffer. */
struct packet {
	void *data; /* all of the memfd */
	size_t size;
	const char *bundle; /* in it */
	size_t len;
};

typedef int record_function(const struct bundle_record *record, char *path);

static int packet_open(int fd, struct packet *ret_packet)
{
	struct packet packet = {0};
	struct stat st;
	uint64_t len;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_size < (off_t)sizeof(len) || st.st_size > CARRY_BYTES_MAX)
		return -EBADMSG;
	packet.size = (size_t)st.st_size;
	packet.data = mmap(NULL, packet.size, PROT_READ, MAP_SHARED, fd, 0);
	if (packet.data == MAP_FAILED)
		return -errno;
	memcpy(&len, packet.data, sizeof(len));
	packet.bundle = (const char *)packet.data + sizeof(len);
	if (len == 0 || len > packet.size - sizeof(len)) {
		munmap(packet.data, packet.size);
		return len == 0 ? -ENODATA : -EBADMSG;
	}
	packet.len = len;
	*ret_packet = packet;
	return 0;
}

static int for_each(const struct packet *packet, record_function *function)
{
	char path[BUNDLE_PATH_MAX + 1];
	struct bundle_record record;
	struct error err;
	unsigned count = 0;
	size_t offset = 0;
	int r;

	while ((r = bundle_next(packet->bundle, packet->len, &offset, &record, &err)) > 0) {
		if (record.type != BUNDLE_FILE || ++count > CARRY_FILES_MAX)
			return -EBADMSG;
		memcpy(path, record.name, record.name_len);
		path[record.name_len] = '\0';
		r = function(&record, path);
		if (r < 0)
			return r;
	}
	return r;
}

static int look(const struct bundle_record *record, char *path)
{
	(void)record, (void)path;
	return 0;
}

static int for_each_parent(char *path, int (*function)(const char *folder))
{
	int r = 0;

	for (char *slash = strchr(path, '/'); r == 0 && slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		r = function(path);
		*slash = '/';
	}
	return r;
}

static int make_folder(const char *folder)
{
	return mkdir(folder, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

static int make_file(const struct bundle_record *record, char *path)
{
	int r = for_each_parent(path, make_folder);
	if (r < 0)
		return r;
	_cleanup_fd_ int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -errno;
	return fd_write_all(fd, record->body, record->body_len);
}

/* How carried_pack() tells that nothing was made or removed in it since. */
static int mark_folder(const char *folder)
{
	const struct timespec none[2] = {{0}, {0}};

	return utimensat(AT_FDCWD, folder, none, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int mark_parents(const struct bundle_record *record, char *path)
{
	(void)record;
	return for_each_parent(path, mark_folder);
}

static int remove_file(const struct bundle_record *record, char *path)
{
	(void)record;
	unlink(path);
	return 0;
}

/* In the working folder. */
static int make_all(const struct packet *packet)
{
	int r = for_each(packet, look);

	if (r == 0)
		r = for_each(packet, make_file);
	if (r == 0)
		r = for_each(packet, mark_parents);
	if (r < 0)
		for_each(packet, remove_file); /* the compile needs the room */
	return r;
}

static int unpack_into(const struct packet *packet, const char *folder)
{
	char making[BUNDLE_PATH_MAX + 8];
	_cleanup_fd_ int base = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	snprintf(making, sizeof(making), "%s.making", folder);
	int r = base < 0 ? -errno : for_each_parent(making, make_folder);
	if (r < 0)
		return r;
	if (mkdir(making, 0755) < 0 || chdir(making) < 0)
		return -errno;
	r = make_all(packet);
	if (fchdir(base) < 0)
		return -errno;
	if (r == 0 && rename(making, folder) < 0)
		r = -errno;
	return r;
}

int carried_unpack(int packet_fd, const char *folder)
{
	struct packet packet = {0};

	int r = packet_open(packet_fd, &packet);
	if (r < 0)
		return r;
	r = unpack_into(&packet, folder);
	munmap(packet.data, packet.size);
	return r;
}
