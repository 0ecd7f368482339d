#include "image/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "image/record.h"

void digest_begin(struct digest *digest)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	*digest = (struct digest){.context = context};
	if (!context || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
		digest->failed = -ENOMEM;
}

void digest_add(struct digest *digest, const void *data, size_t len)
{
	if (!digest->failed && EVP_DigestUpdate(digest->context, data, len) != 1)
		digest->failed = -EIO;
}

static void digest_add_length(struct digest *digest, uint64_t length)
{
	unsigned char bytes[8];

	for (int i = 0; i < 8; i++)
		bytes[i] = (unsigned char)(length >> (8 * (7 - i)));
	digest_add(digest, bytes, sizeof(bytes));
}

void digest_field(struct digest *digest, const char *name, const void *data, size_t len)
{
	digest_add_length(digest, strlen(name));
	digest_add(digest, name, strlen(name));
	digest_add_length(digest, len);
	digest_add(digest, data, len);
}

void digest_field_text(struct digest *digest, const char *name, const char *text)
{
	digest_field(digest, name, text, strlen(text));
}

/* The result so far; the digest is still there, and spent. */
static int digest_finish(struct digest *digest, uint8_t ret_bytes[DIGEST_BYTES], struct error *err)
{
	uint8_t bytes[DIGEST_BYTES];
	unsigned len = 0;

	if (!digest->failed &&
	    (EVP_DigestFinal_ex(digest->context, bytes, &len) != 1 || len != sizeof(bytes)))
		digest->failed = -EIO;
	if (digest->failed)
		return error_set(err, digest->failed, "sha256", "cannot compute a SHA-256");
	memcpy(ret_bytes, bytes, sizeof(bytes));
	return 0;
}

int digest_end_bytes(struct digest *digest, uint8_t ret_bytes[DIGEST_BYTES], struct error *err)
{
	int r = digest_finish(digest, ret_bytes, err);

	digest_drop(digest);
	return r;
}

int digest_end(struct digest *digest, char ret_hex[DIGEST_HEX_SIZE], struct error *err)
{
	uint8_t bytes[DIGEST_BYTES];
	int r = digest_end_bytes(digest, bytes, err);

	ret_hex[0] = '\0';
	if (r == 0)
		record_hex(bytes, ret_hex);
	return r;
}

int digest_next(struct digest *digest, uint8_t ret_bytes[DIGEST_BYTES], struct error *err)
{
	int r = digest_finish(digest, ret_bytes, err);

	/* Without a type: the same again, EVP_DigestInit(3ssl). */
	if (r == 0 && EVP_DigestInit_ex(digest->context, NULL, NULL) != 1)
		digest->failed = -EIO;
	return r;
}

void digest_drop(struct digest *digest)
{
	EVP_MD_CTX_free(digest->context);
	*digest = (struct digest){.context = NULL};
}

int digest_add_file(struct digest *digest, int fd, const char *name, void *chunk,
		    uint64_t *ret_size, struct error *err)
{
	uint64_t size = 0;

	for (;;) {
		ssize_t n = pread(fd, chunk, DIGEST_CHUNK, (off_t)size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(err, -errno, "sha256", "cannot read %s", name);
		if (n == 0)
			break;
		digest_add(digest, chunk, (size_t)n);
		size += (size_t)n;
	}
	*ret_size = size;
	return 0;
}

int digest_fd(int fd, const char *name, uint8_t ret_bytes[DIGEST_BYTES], uint64_t *ret_size,
	      struct error *err)
{
	_cleanup_free_ void *chunk = malloc(DIGEST_CHUNK);
	struct digest digest;
	uint64_t size = 0;

	if (!chunk)
		return error_set(err, -ENOMEM, "sha256", "cannot read %s", name);
	digest_begin(&digest);
	int r = digest_add_file(&digest, fd, name, chunk, &size, err);
	if (r < 0) {
		digest_drop(&digest);
		return r;
	}
	r = digest_end_bytes(&digest, ret_bytes, err);
	if (r == 0)
		*ret_size = size;
	return r;
}

int digest_file(const char *path, char ret_hex[DIGEST_HEX_SIZE], uint64_t *ret_size,
		struct error *err)
{
	uint8_t bytes[DIGEST_BYTES];
	struct stat st;
	uint64_t size = 0;
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return error_set(err, -errno, "sha256", "cannot open %s", path);
	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "sha256", "cannot look at %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set_plain(err, -EINVAL, "sha256", "%s is not a regular file", path);
	int r = digest_fd(fd, path, bytes, &size, err);
	if (r < 0)
		return r;
	record_hex(bytes, ret_hex);
	if (ret_size)
		*ret_size = size;
	return 0;
}

int digest_is_hex(const char *text)
{
	return strlen(text) == DIGEST_HEX_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == DIGEST_HEX_SIZE - 1;
}
