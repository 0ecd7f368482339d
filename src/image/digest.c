#include "image/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

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

int digest_end(struct digest *digest, char ret_hex[DIGEST_HEX_SIZE], struct error *err)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char raw[32];
	unsigned len = 0;

	if (!digest->failed && (EVP_DigestFinal_ex(digest->context, raw, &len) != 1 || len != 32))
		digest->failed = -EIO;
	int failed = digest->failed;
	digest_drop(digest);
	ret_hex[0] = '\0';
	if (failed)
		return error_set(err, failed, "sha256", "cannot compute a SHA-256");
	for (size_t i = 0; i < sizeof(raw); i++) {
		ret_hex[2 * i] = digits[raw[i] >> 4];
		ret_hex[2 * i + 1] = digits[raw[i] & 15];
	}
	ret_hex[DIGEST_HEX_SIZE - 1] = '\0';
	return 0;
}

void digest_drop(struct digest *digest)
{
	EVP_MD_CTX_free(digest->context);
	*digest = (struct digest){.context = NULL};
}

int digest_fd(int fd, const char *name, char ret_hex[DIGEST_HEX_SIZE], uint64_t *ret_size,
	      struct error *err)
{
	enum { CHUNK = 1 << 18 };
	_cleanup_free_ char *chunk = malloc(CHUNK);
	if (!chunk)
		return error_set(err, -ENOMEM, "sha256", "cannot read %s", name);

	struct digest digest;
	uint64_t size = 0;
	digest_begin(&digest);
	for (;;) {
		ssize_t n = read(fd, chunk, CHUNK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int r = -errno;
			digest_drop(&digest);
			return error_set(err, r, "sha256", "cannot read %s", name);
		}
		if (n == 0)
			break;
		digest_add(&digest, chunk, (size_t)n);
		size += (size_t)n;
	}
	int r = digest_end(&digest, ret_hex, err);
	if (r == 0 && ret_size)
		*ret_size = size;
	return r;
}

int digest_file(const char *path, char ret_hex[DIGEST_HEX_SIZE], uint64_t *ret_size,
		struct error *err)
{
	struct stat st;
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return error_set(err, -errno, "sha256", "cannot open %s", path);
	if (fstat(fd, &st) < 0)
		return error_set(err, -errno, "sha256", "cannot look at %s", path);
	if (!S_ISREG(st.st_mode))
		return error_set_plain(err, -EINVAL, "sha256", "%s is not a regular file", path);
	return digest_fd(fd, path, ret_hex, ret_size, err);
}

int digest_is_hex(const char *text)
{
	return strlen(text) == DIGEST_HEX_SIZE - 1 &&
	       strspn(text, "0123456789abcdef") == DIGEST_HEX_SIZE - 1;
}
