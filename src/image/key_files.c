#include "image/key_files.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/dir.h"
#include "base/fd.h"
#include "base/folder.h"
#include "image/date.h"
#include "image/evp.h"

int key_files_take(struct key_files *files, int take_fd, const char *path, struct error *err)
{
	_cleanup_fd_ int fd = take_fd;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "keys", "cannot look at the folder of keys %.120s",
				 path);
	if (!S_ISDIR(st.st_mode))
		return error_set_plain(err, -ENOTDIR, "keys", "%.120s is no folder of keys", path);
	if (st.st_mode & S_IWOTH)
		return error_set_plain(err, -EPERM, "keys",
				       "everybody may write in the folder of keys %.120s, and so "
				       "make keys trusted; chmod o-w it",
				       path);
	snprintf(files->path, sizeof(files->path), "%s", path);
	files->fd = TAKE_FD(fd);
	return 0;
}

int key_files_open(struct key_files *files, const char *path, struct error *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*files = KEY_FILES_NONE;
	if (fd >= 0)
		return key_files_take(files, fd, path, err);
	if (errno != ENOENT)
		return error_set(err, -errno, "keys", "cannot open the folder of keys %.120s",
				 path);
	snprintf(files->path, sizeof(files->path), "%s", path);
	return 0;
}

void key_files_close(struct key_files *files)
{
	files->fd = fd_close(files->fd);
}

/* ---- listing ---- */

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static int add_name(const struct key_files *files, const char *file, const char *suffix,
		    struct key_names *names, struct error *err)
{
	char name[RECORD_NAME_MAX];
	size_t len = strlen(file), suffix_len = strlen(suffix);

	if (len <= suffix_len || strcmp(file + len - suffix_len, suffix) != 0 || file[0] == '.')
		return 0;
	snprintf(name, sizeof(name), "%.*s", (int)(len - suffix_len), file);
	if (strlen(name) != len - suffix_len || !record_name_is_valid(name))
		return error_set_plain(err, -EINVAL, "keys",
				       "%.80s/%.80s has a name that is not [a-z0-9._-]{1,63}",
				       files->path, file);
	if (names->count == KEY_FILES_MAX)
		return error_set_plain(err, -EINVAL, "keys", "%.120s has more than %d keys",
				       files->path, KEY_FILES_MAX);
	memcpy(names->names[names->count++], name, sizeof(name));
	return 0;
}

int key_files_list(const struct key_files *files, const char *suffix, struct key_names *ret_names,
		   struct error *err)
{
	const struct dirent *entry;
	int r;

	ret_names->count = 0;
	if (files->fd < 0)
		return 0;
	_cleanup_dir_ DIR *dir =
		dir_take(openat(files->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	if (!dir)
		return error_set(err, -errno, "keys", "cannot read the folder of keys %.120s",
				 files->path);
	while ((entry = dir_next(dir, &r))) {
		r = add_name(files, entry->d_name, suffix, ret_names, err);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return error_set(err, r, "keys", "cannot read the folder of keys %.120s",
				 files->path);
	qsort(ret_names->names, ret_names->count, sizeof(ret_names->names[0]), by_name);
	return 0;
}

/* ---- reading ---- */

struct key_file {
	char label[128]; /* for messages */
	char text[4096];
	size_t len;
	mode_t mode;
};

/* Reads one file of the folder. */
static int file_read(const struct key_files *files, const char *name, const char *suffix,
		     struct key_file *ret_file, struct error *err)
{
	char file[RECORD_NAME_MAX + 8];
	struct stat st;

	snprintf(file, sizeof(file), "%s%s", name, suffix);
	snprintf(ret_file->label, sizeof(ret_file->label), "%.48s/%s", files->path, file);
	_cleanup_fd_ int fd =
		files->fd < 0
			? -1
			: openat(files->fd, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (files->fd < 0)
		errno = ENOENT;
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_set(err, -errno, "keys", "cannot open %s", ret_file->label);
	if (!S_ISREG(st.st_mode) || st.st_size >= (off_t)sizeof(ret_file->text))
		return error_set_plain(err, -EINVAL, "keys", "%s is no key", ret_file->label);
	ssize_t n = pread(fd, ret_file->text, sizeof(ret_file->text), 0);
	if (n < 0)
		return error_set(err, -errno, "keys", "cannot read %s", ret_file->label);
	ret_file->len = (size_t)n;
	ret_file->mode = st.st_mode;
	return 0;
}

int key_files_read(const struct key_files *files, const char *name, struct public_key *ret_key,
		   struct error *err)
{
	struct key_file file = {.len = 0};
	struct public_key key;

	int r = file_read(files, name, KEY_PUBLIC_SUFFIX, &file, err);
	if (r < 0)
		return r;
	if (file.mode & S_IWOTH)
		return error_set_plain(err, -EPERM, "keys", "everybody may write %s; chmod o-w it",
				       file.label);
	r = key_decode(file.label, file.text, file.len, &key, err);
	if (r < 0)
		return r;
	if (strcmp(key.name, name) != 0)
		return error_set_plain(err, -EINVAL, "keys",
				       "%s:2: this is the key \"%s\": call the file %s%s",
				       file.label, key.name, key.name, KEY_PUBLIC_SUFFIX);
	*ret_key = key;
	return 0;
}

int key_files_find(const struct key_files *files, const uint8_t id[RECORD_HASH_BYTES],
		   struct public_key *ret_key, struct error *err)
{
	struct error first = {.code = 0}, fault = {.code = 0};
	struct key_names names;
	struct public_key key;

	int r = key_files_list(files, KEY_PUBLIC_SUFFIX, &names, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < names.count; i++) {
		r = key_files_read(files, names.names[i], &key, &fault);
		if (r == 0 && memcmp(key.id, id, sizeof(key.id)) == 0) {
			*ret_key = key;
			return 0;
		}
		if (r < 0 && first.code == 0)
			first = fault;
	}
	return error_set_plain(err, -ENOKEY, "keys", "%s", first.text);
}

/* ---- private keys ---- */

/* An encrypted key is not asked a passphrase for: pem_password_cb, PEM_read_bio_PrivateKey(3ssl).
 */
static int no_passphrase(char *buffer, int size, int is_writing, void *owner)
{
	(void)buffer;
	(void)size;
	(void)is_writing;
	(void)owner;
	return -1;
}

/* Returns a new key, or NULL. */
static EVP_PKEY *private_decode(const char *text, size_t len)
{
	_cleanup_bio_ BIO *bio = BIO_new_mem_buf(text, (int)len);
	EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL) : NULL;

	ERR_clear_error();
	if (key && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519)
		return key;
	EVP_PKEY_free(key);
	return NULL;
}

int key_files_read_private(const struct key_files *files, const char *name,
			   struct public_key *ret_key, EVP_PKEY **ret_private, struct error *err)
{
	_cleanup_pkey_ EVP_PKEY *private = NULL;
	struct public_key key;
	struct key_file file = {.len = 0};
	uint8_t bytes[KEY_BYTES];
	size_t len = sizeof(bytes);

	int r = file_read(files, name, KEY_PRIVATE_SUFFIX, &file, err);
	if (r < 0)
		return r;
	if (file.mode & (S_IRWXG | S_IRWXO))
		r = error_set_plain(err, -EPERM, "keys",
				    "others may read or write the private key %s; chmod 600 it, "
				    "and if they did, make a new one",
				    file.label);
	else
	private = private_decode(file.text, file.len);
	OPENSSL_cleanse(file.text, sizeof(file.text));
	if (r < 0)
		return r;
	if (!private || EVP_PKEY_get_raw_public_key(private, bytes, &len) != 1)
		return error_set_plain(err, -EINVAL, "keys",
				       "%s is not an unencrypted Ed25519 key in PEM", file.label);
	r = key_files_read(files, name, &key, err);
	if (r < 0)
		return r;
	if (memcmp(key.bytes, bytes, sizeof(bytes)) != 0)
		return error_set_plain(err, -EINVAL, "keys", "%s and %s%s do not belong together",
				       file.label, name, KEY_PUBLIC_SUFFIX);
	*ret_key = key;
	*ret_private = TAKE_PTR(private);
	return 0;
}

/* Writes a file that is not there yet: whole or not at all, and never over another. */
static int file_make(const struct key_files *files, const char *file, mode_t mode, const void *data,
		     size_t len, struct error *err)
{
	char temporary[RECORD_NAME_MAX + 32];

	snprintf(temporary, sizeof(temporary), ".%s.%d.new", file, (int)getpid());
	_cleanup_fd_ int fd =
		openat(files->fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : fd_write_all(fd, data, len);
	if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0 ||
		       linkat(files->fd, temporary, files->fd, file, 0) < 0))
		r = -errno;
	if (fd >= 0)
		unlinkat(files->fd, temporary, 0);
	if (r == -EEXIST)
		return error_set_plain(err, r, "keys",
				       "%.120s/%s is there already, and a key is never written "
				       "over; choose another name",
				       files->path, file);
	return r < 0 ? error_set(err, r, "keys", "cannot write %.120s/%s", files->path, file) : 0;
}

static int private_make(const struct key_files *files, const char *file, EVP_PKEY *key,
			struct error *err)
{
	_cleanup_bio_ BIO *bio = BIO_new(BIO_s_secmem());
	char *text = NULL;

	if (!bio || PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) != 1)
		return error_set(err, -ENOMEM, "keys", "cannot write a private key");
	long len = BIO_get_mem_data(bio, &text);
	return file_make(files, file, 0600, text, (size_t)len, err);
}

/* The public half is written first: without the other it does no harm. */
static int both_make(const struct key_files *files, const struct public_key *key, EVP_PKEY *private,
		     struct error *err)
{
	char public_file[RECORD_NAME_MAX + 8], private_file[RECORD_NAME_MAX + 8];
	char text[KEY_TEXT_MAX];
	size_t len = key_encode(key, text);

	snprintf(public_file, sizeof(public_file), "%s%s", key->name, KEY_PUBLIC_SUFFIX);
	snprintf(private_file, sizeof(private_file), "%s%s", key->name, KEY_PRIVATE_SUFFIX);
	int r = file_make(files, public_file, 0644, text, len, err);
	if (r < 0)
		return r;
	r = private_make(files, private_file, private, err);
	if (r < 0)
		unlinkat(files->fd, public_file, 0);
	return r;
}

static int folder_make(struct key_files *files, struct error *err)
{
	char path[PATH_MAX];

	if (files->fd >= 0)
		return 0;
	snprintf(path, sizeof(path), "%s", files->path);
	int r = folder_make_path(path, 0755);
	/* Whatever the umask: who verifies an image is not who keeps the keys. */
	if (r == 0 && chmod(path, 0755) < 0)
		r = -errno;
	if (r < 0)
		return error_set(err, r, "keys", "cannot make the folder of keys %.120s", path);
	return key_files_open(files, path, err);
}

int key_files_make(struct key_files *files, const char *name, uint64_t now_sec,
		   uint64_t expires_sec, struct public_key *ret_key, struct error *err)
{
	struct public_key key = {
		.created_sec = now_sec - now_sec % SEC_PER_DAY,
		.expires_sec = expires_sec,
	};
	size_t len = sizeof(key.bytes);

	if (!record_name_is_valid(name))
		return error_set_plain(err, -EINVAL, "keys",
				       "\"%.80s\" is no name for a key; names are "
				       "[a-z0-9._-]{1,63}",
				       name);
	snprintf(key.name, sizeof(key.name), "%s", name);
	_cleanup_pkey_ EVP_PKEY *private = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (!private || EVP_PKEY_get_raw_public_key(private, key.bytes, &len) != 1)
		return error_set(err, -EIO, "keys", "cannot make a key");
	int r = key_set_id(&key, err);
	if (r == 0)
		r = folder_make(files, err);
	if (r == 0)
		r = both_make(files, &key, private, err);
	if (r == 0)
		*ret_key = key;
	return r;
}
