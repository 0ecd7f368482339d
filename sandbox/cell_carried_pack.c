#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "sandbox/cell_carried.h"

struct packing {
	int fd;
	uint64_t bytes; /* written so far, the length before them not counted */
	unsigned files;
	char path[BUNDLE_PATH_MAX + 1]; /* of what is at hand, below the folder */
};

static int set_length(int fd, uint64_t len)
{
	return pwrite(fd, &len, sizeof(len), 0) == (ssize_t)sizeof(len) ? 0 : -EIO;
}

static int add_bytes(struct packing *packing, const void *bytes, size_t len)
{
	packing->bytes += len;
	if (packing->bytes + sizeof(uint64_t) > CARRY_BYTES_MAX)
		return -EFBIG;
	return fd_write_all(packing->fd, bytes, len);
}

static int add_head(struct packing *packing, enum bundle_type type, const char *name, uint64_t len)
{
	unsigned char head[BUNDLE_HEAD_MAX];

	return add_bytes(packing, head, bundle_head(type, name, len, head));
}

static int add_file(struct packing *packing, int fd, uint64_t size)
{
	if (++packing->files > CARRY_FILES_MAX || size > CARRY_BYTES_MAX - packing->bytes)
		return -EFBIG;
	int r = add_head(packing, BUNDLE_FILE, packing->path, size);
	if (r < 0)
		return r;
	packing->bytes += size;
	if (packing->bytes + sizeof(uint64_t) > CARRY_BYTES_MAX)
		return -EFBIG;
	while (size > 0) {
		ssize_t n = sendfile(packing->fd, fd, NULL, size);
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		size -= (uint64_t)n;
	}
	return 0;
}

static int add_folder(struct packing *packing, int take_fd, size_t path_len, int depth);

/* path_len: of the folder's path, with its slash. */
static int add_entry(struct packing *packing, int folder_fd, const char *name, size_t path_len,
		     int depth)
{
	size_t len = strlen(name);
	struct stat st;

	if (path_len + len >= sizeof(packing->path))
		return -EFBIG;
	memcpy(packing->path + path_len, name, len + 1);
	_cleanup_fd_ int fd =
		openat(folder_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return 0; /* a link, or what its owner keeps from himself */
	if (S_ISREG(st.st_mode))
		return add_file(packing, fd, (uint64_t)st.st_size);
	if (!S_ISDIR(st.st_mode) || (st.st_mtim.tv_sec == 0 && st.st_mtim.tv_nsec == 0))
		return 0;
	if (depth == CARRIED_DEPTH || path_len + len + 1 >= sizeof(packing->path))
		return -EFBIG;
	packing->path[path_len + len] = '/';
	return add_folder(packing, TAKE_FD(fd), path_len + len + 1, depth + 1);
}

static int add_folder(struct packing *packing, int take_fd, size_t path_len, int depth)
{
	DIR *dir = fdopendir(take_fd);
	const struct dirent *entry;
	int r = 0;

	if (!dir) {
		close(take_fd);
		return -ENOMEM;
	}
	while (r == 0 && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = add_entry(packing, dirfd(dir), entry->d_name, path_len, depth);
	closedir(dir);
	return r;
}

static int pack(struct packing *packing, const char *folder)
{
	int r = add_bytes(packing, bundle_magic, sizeof(bundle_magic));
	_cleanup_fd_ int fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (r == 0)
		r = add_folder(packing, TAKE_FD(fd), 0, 1);
	return r < 0 ? r : add_head(packing, BUNDLE_END, NULL, 0);
}

int carried_pack(int packet_fd, const char *folder)
{
	struct packing packing = {.fd = packet_fd};

	/* Empty until it is whole: whoever ends us, it is never half a packet. */
	int r = set_length(packet_fd, 0);
	if (r == 0 && lseek(packet_fd, sizeof(uint64_t), SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = pack(&packing, folder);
	/* What an earlier, longer one has left. */
	off_t end = r < 0 ? 0 : (off_t)(sizeof(uint64_t) + packing.bytes);
	if (fallocate(packet_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, end,
		      CARRY_BYTES_MAX - end) < 0 &&
	    r == 0)
		r = -errno;
	return r < 0 ? r : set_length(packet_fd, packing.bytes);
}
