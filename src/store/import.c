#include "store/import.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bake/confined.h"
#include "bake/path.h"
#include "bake/tree.h"
#include "base/clock.h"
#include "base/dir.h"
#include "store/archive_read.h"

/* What the child works with, and the parent looks at. */
struct unpack {
	const struct import *import;
	int folder_fd;
	uint64_t free_bytes; /* in the folder's file system */
	uint64_t now_sec;
	_Atomic uint64_t *read; /* in memory both share: bytes of the exported file so far */
	int erofs_fd, document_fd;
	uint64_t document_bytes;
};

/* A child must tell something; there is nothing to tell. */
struct unpack_result {
	char is_whole;
};

static int refuse_signer(enum signer_state state, const struct public_key *key, struct error *err)
{
	switch (state) {
	case SIGNER_TRUSTED:
		return 0;
	case SIGNER_NONE:
		return error_set_plain(err, -EKEYREJECTED, "import",
				       "nobody signed it; take it all the same with "
				       "--allow-unsigned");
	case SIGNER_UNKNOWN:
		return error_set_plain(
			err, -EKEYREJECTED, "import",
			"it is signed with a key that is not trusted here; if you "
			"trust its owner, put the key's .pub file into the folder of "
			"keys");
	case SIGNER_WRONG:
		return error_set_plain(err, -EKEYREJECTED, "import",
				       "its record was altered: it has not the signature of %s",
				       key->name);
	case SIGNER_KEY_EXPIRED:
		return error_set_plain(err, -EKEYREJECTED, "import",
				       "it is signed by %s, a key that has expired; ask for one "
				       "that is signed anew",
				       key->name);
	case SIGNER_RECORD_EXPIRED:
		return error_set_plain(err, -EKEYREJECTED, "import",
				       "the image has expired; get a newer one");
	}
	return -EKEYREJECTED;
}

static int check_record(const struct unpack *unpack, const struct archive_head *head,
			struct error *err)
{
	const struct public_key *key;
	struct image_record record;
	struct error fault;

	if (record_decode(head->record, sizeof(head->record), &record, &fault) < 0)
		return error_set_plain(err, -EBADMSG, "import", "%s", fault.text);
	if (!(record.forms & RECORD_EROFS) || record.erofs_bytes != head->erofs_bytes)
		return error_set_plain(err, -EBADMSG, "import",
				       "its head announces %" PRIu64
				       " bytes, which are not those of its record",
				       head->erofs_bytes);
	if (head->erofs_bytes + DOCUMENTS_BYTES_MAX > unpack->free_bytes)
		return error_set_plain(err, -ENOSPC, "import",
				       "it unpacks to %" PRIu64 " MB, and there are %" PRIu64
				       " MB free; make room, or name another cache with --cache",
				       (head->erofs_bytes + DOCUMENTS_BYTES_MAX) / 1000000,
				       unpack->free_bytes / 1000000);
	enum signer_state state =
		signers_check(unpack->import->signers, &record, unpack->now_sec, &key);
	if (state == SIGNER_NONE && unpack->import->may_be_unsigned)
		return 0;
	return refuse_signer(state, key, err);
}

static int make_file(const struct unpack *unpack, const char *name, struct error *err)
{
	int fd = openat(unpack->folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	return fd < 0 ? error_set(err, -errno, "import", "cannot make %s", name) : fd;
}

static int write_bytes(int fd, const void *data, size_t len, struct error *err)
{
	int r = fd_write_all(fd, data, len);
	return r < 0 ? error_set(err, r, "import", "cannot write what was unpacked") : 0;
}

static int take_head(void *owner, const struct archive_head *head, struct error *err)
{
	struct unpack *unpack = owner;
	int r = check_record(unpack, head, err);
	if (r < 0)
		return r;

	_cleanup_fd_ int fd = make_file(unpack, RECORD_FILE, err);
	r = fd < 0 ? fd : write_bytes(fd, head->record, sizeof(head->record), err);
	if (r >= 0)
		r = unpack->erofs_fd = make_file(unpack, RECORD_EROFS_NAME, err);
	return r;
}

static int take_document(void *owner, const char *name, uint32_t size, struct error *err)
{
	struct unpack *unpack = owner;

	(void)size;
	fd_close(unpack->document_fd);
	unpack->document_fd = make_file(unpack, name, err);
	return unpack->document_fd;
}

static int take_data(void *owner, const void *data, size_t len, struct error *err)
{
	struct unpack *unpack = owner;
	return write_bytes(unpack->document_fd, data, len, err);
}

static int take_plain(void *owner, const void *data, size_t len, uint64_t read, struct error *err)
{
	struct unpack *unpack = owner;

	atomic_store(unpack->read, read);
	return write_bytes(unpack->erofs_fd, data, len, err);
}

/* In the child. */
static int work(void *owner, void *result, struct error *err)
{
	struct unpack *unpack = owner;
	const struct archive_sink sink = {.head = take_head,
					  .document = take_document,
					  .data = take_data,
					  .plain = take_plain,
					  .owner = unpack};

	int r = archive_read(unpack->import->from_fd, &sink, err);
	if (r >= 0)
		((struct unpack_result *)result)->is_whole = 1;
	return r;
}

static void tick(void *owner)
{
	const struct unpack *unpack = owner;
	meter_set(unpack->import->meter, atomic_load(unpack->read));
}

static int is_expected(const char *name)
{
	uint8_t bytes[ARCHIVE_NAME_BYTES] = {0};
	char checked[ARCHIVE_NAME_BYTES];

	if (strcmp(name, RECORD_FILE) == 0 || strcmp(name, RECORD_EROFS_NAME) == 0)
		return 1;
	memcpy(bytes, name, strnlen(name, sizeof(bytes)));
	return archive_get_name(bytes, checked, NULL) == 0;
}

/* Whatever the child did, there are regular files of the expected names, and they become ours. */
static int adopt(const struct unpack *unpack, struct error *err)
{
	const struct dirent *entry;
	struct stat st;
	int r;

	_cleanup_dir_ DIR *dir =
		dir_take(openat(unpack->folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (!dir)
		return error_set(err, -errno, "import", "cannot read what was unpacked");
	while ((entry = dir_next(dir, &r))) {
		if (!is_expected(entry->d_name) ||
		    fstatat(unpack->folder_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    !S_ISREG(st.st_mode) || st.st_nlink != 1)
			return error_set_plain(err, -EBADMSG, "import",
					       "unpacking left something that is no image's");
	}
	if (r < 0)
		return error_set(err, r, "import", "cannot read what was unpacked");
	if (geteuid() != 0)
		return 0;
	return tree_normalise(unpack->import->folder, (int64_t)unpack->now_sec, err);
}

static int look_at_folder(struct unpack *unpack, struct error *err)
{
	struct statvfs file_system;

	if (fstatvfs(unpack->folder_fd, &file_system) < 0)
		return error_set(err, -errno, "import", "cannot look at %s",
				 unpack->import->folder);
	unpack->free_bytes = (uint64_t)file_system.f_bavail * file_system.f_frsize;
	return 0;
}

static int unpack_confined(struct unpack *unpack, struct error *err)
{
	const struct import *import = unpack->import;
	struct unpack_result result;
	const struct confined_spec spec = {
		.what = import->from,
		.folder_fd = unpack->folder_fd,
		.input_fd = import->from_fd,
		.bytes_max = ARCHIVE_EROFS_MAX,
		.tick = tick,
		.tick_owner = unpack,
	};

	int r = look_at_folder(unpack, err);
	if (r >= 0)
		r = confined_run(&spec, work, unpack, &result, sizeof(result), err);
	tick(unpack);
	return r < 0 ? r : adopt(unpack, err);
}

int import_unpack(const struct import *import, struct error *err)
{
	struct unpack unpack = {
		.import = import,
		.now_sec = clock_real_usec() / USEC_PER_SEC,
		.erofs_fd = -EBADF,
		.document_fd = -EBADF,
	};

	_cleanup_fd_ int folder_fd = open(import->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder_fd < 0)
		return error_set(err, -errno, "import", "cannot open %s", import->folder);
	unpack.folder_fd = folder_fd;
	void *shared = mmap(NULL, sizeof(*unpack.read), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return error_set(err, -errno, "import", "cannot import");
	unpack.read = shared;
	int r = unpack_confined(&unpack, err);
	munmap(shared, sizeof(*unpack.read));
	return r;
}
