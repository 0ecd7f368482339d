#include "image/tree_hash.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/fd.h"
#include "image/record.h"

/*
 * The order of whole paths is had without holding them all: in each folder the names are sorted,
 * and a folder stands there twice, as "name" for its own line and as "name/" for all that is in it.
 * That is where strcmp(3) puts "name/x": behind "name-", before "name0".
 */

enum {
	LINE_TAIL_MAX = 128,
	/* The kernel's clock for files ticks at least every 10 ms; inode_set_ctime_current(). */
	FRESH_NSEC = 20 * 1000 * 1000,
};

struct walk {
	tree_line_visit *visit; /* may be NULL */
	void *owner;
	int reads; /* 0: the quick digest alone */
	struct digest tree, quick, file;
	uint64_t entries, bytes;
	struct timespec newest; /* change time */
	void *chunk;		/* DIGEST_CHUNK bytes */
	unsigned depth;
	size_t path_len;
	char path[PATH_MAX + LINE_TAIL_MAX]; /* with the rest of a line behind its NUL */
};

/* The names of one folder, each as its type and the name. 'D': what is in a folder. */
struct names {
	char *text;
	size_t used, room;
	const char **sorted;
	size_t count;
};

static void names_fini(struct names *names)
{
	free(names->text);
	free(names->sorted);
}

static int refuse(const struct walk *walk, const char *what, struct error *err)
{
	return error_set_plain(err, -EINVAL, "tree", "%s %s", walk->path, what);
}

static int cannot(const struct walk *walk, const char *what, struct error *err)
{
	return error_set(err, -errno, "tree", "cannot %s %s", what,
			 walk->path[0] ? walk->path : "the top of the tree");
}

/* openat2(2): below dir_fd, over no link, into no other mount. Returns an fd or -1 and errno. */
static int open_below(int dir_fd, const char *name, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS,
	};

	return (int)syscall(SYS_openat2, dir_fd, name, &how, sizeof(how));
}

static char type_of(mode_t mode)
{
	return S_ISREG(mode) ? 'f' : S_ISDIR(mode) ? 'd' : S_ISLNK(mode) ? 'l' : '?';
}

/* ---- one folder's names ---- */

static int names_add(struct names *names, char type, const char *name)
{
	size_t len = strlen(name), need = names->used + len + 3;

	if (need > names->room) {
		size_t room = need + names->room;
		char *grown = realloc(names->text, room);
		if (!grown)
			return -ENOMEM;
		names->text = grown;
		names->room = room;
	}
	names->used += (size_t)snprintf(names->text + names->used, len + 3, "%c%s%s", type, name,
					type == 'D' ? "/" : "") +
		       1;
	names->count++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a + 1, *(const char *const *)b + 1);
}

static int names_sort(struct names *names)
{
	names->sorted = calloc(names->count + 1, sizeof(*names->sorted));
	if (!names->sorted)
		return -ENOMEM;
	for (size_t i = 0, at = 0; i < names->count; i++) {
		names->sorted[i] = names->text + at;
		at += strlen(names->text + at) + 1;
	}
	qsort(names->sorted, names->count, sizeof(*names->sorted), by_name);
	return 0;
}

static char entry_type(int dir_fd, const struct dirent *entry)
{
	struct stat st;

	switch (entry->d_type) {
	case DT_REG:
		return 'f';
	case DT_DIR:
		return 'd';
	case DT_LNK:
		return 'l';
	case DT_UNKNOWN: /* file systems need not tell: readdir(3) */
		return fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0
			       ? type_of(st.st_mode)
			       : '?';
	default:
		return '?';
	}
}

static int names_read(struct walk *walk, DIR *dir, struct names *names, struct error *err)
{
	const struct dirent *entry;
	int r;

	while ((entry = dir_next(dir, &r))) {
		if (++walk->entries > TREE_ENTRIES_MAX)
			return error_set_plain(err, -EINVAL, "tree",
					       "there are more than %d files and folders",
					       TREE_ENTRIES_MAX);
		char type = entry_type(dirfd(dir), entry);
		r = names_add(names, type, entry->d_name);
		if (r == 0 && type == 'd')
			r = names_add(names, 'D', entry->d_name);
		if (r < 0)
			break;
	}
	if (r == 0)
		r = names_sort(names);
	return r < 0 ? error_set(err, r, "tree", "cannot list %s", walk->path) : 0;
}

/* ---- one entry ---- */

/* Puts the rest of a line behind the path's NUL. Returns the line's length. */
static size_t __attribute__((format(printf, 2, 3)))
line_end(struct walk *walk, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	int n = vsnprintf(walk->path + walk->path_len + 1, LINE_TAIL_MAX, format, args);
	va_end(args);
	return walk->path_len + 1 + (size_t)n;
}

static int is_later(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

static void add_quick(struct walk *walk, char type, const struct stat *st)
{
	size_t len = line_end(walk, "%c %04o %llu %llu %lld.%09ld\n", type, st->st_mode & 07777,
			      (unsigned long long)st->st_size, (unsigned long long)st->st_ino,
			      (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec);

	digest_add(&walk->quick, walk->path, len);
	if (is_later(&st->st_ctim, &walk->newest))
		walk->newest = st->st_ctim;
}

static int hash_file(struct walk *walk, int fd, const struct stat *st, struct error *err)
{
	uint64_t size;

	int r = digest_add_file(&walk->file, fd, walk->path, walk->chunk, &size, err);
	if (r < 0)
		return r;
	if (size != (uint64_t)st->st_size)
		return error_set_plain(err, -EBUSY, "tree", "%s was changed while it was read",
				       walk->path);
	walk->bytes += size;
	return 0;
}

static int hash_link(struct walk *walk, int dir_fd, const char *name, struct error *err)
{
	ssize_t n = readlinkat(dir_fd, name, walk->chunk, PATH_MAX);

	if (n < 0)
		return cannot(walk, "read", err);
	digest_add(&walk->file, walk->chunk, (size_t)n);
	return 0;
}

static int add_line(struct walk *walk, char type, const struct stat *st, struct error *err)
{
	char hex[DIGEST_HEX_SIZE] = "-";
	uint8_t hash[DIGEST_BYTES];

	if (type != 'd') {
		int r = digest_next(&walk->file, hash, err);
		if (r < 0)
			return r;
		record_hex(hash, hex);
	}
	size_t len = line_end(walk, "%c %04o %llu %s\n", type, st->st_mode & 07777,
			      type == 'f' ? (unsigned long long)st->st_size : 0, hex);
	digest_add(&walk->tree, walk->path, len);
	return walk->visit ? walk->visit(walk->owner, walk->path, len, err) : 0;
}

/* The times are taken before the bytes are read: a change in between shows the next time. */
static int add_entry(struct walk *walk, int dir_fd, const char *name, char type, struct error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	struct stat st;
	int r = 0;

	if (type == 'f' && walk->reads) {
		fd = open_below(dir_fd, name, O_RDONLY);
		if (fd < 0 && errno == EXDEV)
			return refuse(walk, "is a mount", err);
		if (fd < 0 || fstat(fd, &st) < 0)
			return cannot(walk, "open", err);
	} else if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		return cannot(walk, "look at", err);
	}
	if (type == '?' || type_of(st.st_mode) != type)
		return refuse(walk, "is neither a file nor a folder nor a link", err);
	add_quick(walk, type, &st);
	if (!walk->reads)
		return 0;
	if (type == 'f')
		r = hash_file(walk, fd, &st, err);
	else if (type == 'l')
		r = hash_link(walk, dir_fd, name, err);
	return r < 0 ? r : add_line(walk, type, &st, err);
}

/* ---- folders ---- */

static int add_folder(struct walk *walk, int dir_fd, const char *name, struct error *err);

static int add_item(struct walk *walk, int dir_fd, const char *item, struct error *err)
{
	size_t kept = walk->path_len, len = strlen(item + 1);
	int r;

	if (kept + len >= PATH_MAX)
		return refuse(walk, "has a path in it that is too long", err);
	memcpy(walk->path + kept, item + 1, len + 1);
	walk->path_len += len;
	if (item[0] == 'D')
		r = add_folder(walk, dir_fd, item + 1, err);
	else
		r = add_entry(walk, dir_fd, item + 1, item[0], err);
	walk->path_len = kept;
	return r;
}

/* name: with a slash at its end. */
static int add_folder(struct walk *walk, int dir_fd, const char *name, struct error *err)
{
	__attribute__((cleanup(names_fini))) struct names names = {NULL};

	if (walk->depth == TREE_DEPTH_MAX)
		return refuse(walk, "lies too deep", err);
	_cleanup_dir_ DIR *dir = dir_take(open_below(dir_fd, name, O_RDONLY | O_DIRECTORY));
	if (!dir && errno == EXDEV)
		return refuse(walk, "is a mount", err);
	if (!dir)
		return cannot(walk, "open", err);
	int r = names_read(walk, dir, &names, err);
	walk->depth++;
	for (size_t i = 0; r == 0 && i < names.count; i++)
		r = add_item(walk, dirfd(dir), names.sorted[i], err);
	walk->depth--;
	return r;
}

/* ---- the whole ---- */

/* Shortly before now: later changes may carry the same time. */
static struct timespec fresh_from(void)
{
	struct timespec from;

	clock_gettime(CLOCK_REALTIME, &from);
	from.tv_nsec -= FRESH_NSEC;
	if (from.tv_nsec < 0) {
		from.tv_nsec += 1000000000;
		from.tv_sec--;
	}
	return from;
}

static int walk_tree(struct walk *walk, int root_fd, struct tree_hash *ret_hash, struct error *err)
{
	struct tree_hash hash = {.entries = 0};
	struct timespec fresh = fresh_from();

	int r = add_folder(walk, root_fd, "./", err);
	if (r == 0)
		r = digest_next(&walk->quick, hash.quick, err);
	if (r == 0)
		r = digest_next(&walk->tree, hash.sha256, err);
	if (r < 0)
		return r;
	if (is_later(&walk->newest, &fresh))
		memset(hash.quick, 0, sizeof(hash.quick));
	hash.entries = walk->entries;
	hash.bytes = walk->bytes;
	*ret_hash = hash;
	return 0;
}

static int walk_run(struct walk *walk, int root_fd, struct tree_hash *ret_hash, struct error *err)
{
	walk->chunk = malloc(DIGEST_CHUNK);
	if (!walk->chunk)
		return error_set(err, -ENOMEM, "tree", "cannot read the tree");
	digest_begin(&walk->tree);
	digest_begin(&walk->quick);
	digest_begin(&walk->file);
	int r = walk_tree(walk, root_fd, ret_hash, err);
	digest_drop(&walk->tree);
	digest_drop(&walk->quick);
	digest_drop(&walk->file);
	free(walk->chunk);
	return r;
}

int tree_hash(int root_fd, tree_line_visit *visit, void *owner, struct tree_hash *ret_hash,
	      struct error *err)
{
	struct walk walk = {.visit = visit, .owner = owner, .reads = 1};

	return walk_run(&walk, root_fd, ret_hash, err);
}

int tree_hash_quick(int root_fd, uint8_t ret_quick[DIGEST_BYTES], struct error *err)
{
	struct walk walk = {.reads = 0};
	struct tree_hash hash;

	int r = walk_run(&walk, root_fd, &hash, err);
	if (r == 0)
		memcpy(ret_quick, hash.quick, sizeof(hash.quick));
	return r;
}
