#include "image/verify_jail.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/privilege.h"
#include "base/fd.h"
#include "base/landlock.h"
#include "base/log.h"
#include "image/sign.h"
#include "image/verify_filter.h"

enum { MEMORY_MAX = 512 << 20, FILES_MAX = 256 };

/* Libraries do this when first asked, which would be too late. No configuration file is read. */
static int step_preload(const struct verify_jail *jail, struct error *err)
{
	const struct image_record record = {.name = "none", .forms = RECORD_TREE};
	struct public_key key = {.name = "none"};

	(void)jail;
	tzset();
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1)
		return error_set(err, -ENOMEM, "preload", "cannot start OpenSSL");
	int r = key_set_id(&key, err);
	memset(key.id, 0, sizeof(key.id)); /* the record's */
	return r < 0 ? r : record_is_signed_by(&record, &key, err) < 0 ? -EIO : 0;
}

static int step_rlimits(const struct verify_jail *jail, struct error *err)
{
	const struct rlimit none = {0, 0}, files = {FILES_MAX, FILES_MAX};

	(void)jail;
	if (setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_NOFILE, &files) < 0)
		return error_set(err, -errno, "rlimits", "cannot set limits");
#ifndef __SANITIZE_ADDRESS__
	const struct rlimit memory = {MEMORY_MAX, MEMORY_MAX};
	if (setrlimit(RLIMIT_AS, &memory) < 0)
		return error_set(err, -errno, "rlimits", "cannot limit memory");
#endif
	return 0;
}

static int step_user_namespace(const struct verify_jail *jail, struct error *err)
{
	if (!jail->own_user_namespace)
		return 0;
	_cleanup_fd_ int self_fd = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (self_fd < 0)
		return error_set(err, -errno, "user_namespace", "cannot open /proc/self");
	/* Groups that stay let us read what they may, as the one who started us. */
	int r = privilege_user_namespace(self_fd, jail->user, err);
	return r < 0 ? r : 0;
}

static int step_bounding(const struct verify_jail *jail, struct error *err)
{
	(void)jail;
	return privilege_bounding(err);
}

static int step_identity(const struct verify_jail *jail, struct error *err)
{
	return privilege_identity(jail->user, jail->own_user_namespace, err);
}

static int step_capabilities(const struct verify_jail *jail, struct error *err)
{
	(void)jail;
	return privilege_capabilities(err);
}

/* A parent that died before shows when the verdict is written. */
static int step_parent(const struct verify_jail *jail, struct error *err)
{
	(void)jail;
	return privilege_parent(err);
}

static int step_no_new_privs(const struct verify_jail *jail, struct error *err)
{
	(void)jail;
	return privilege_no_new_privs(err);
}

static int step_landlock(const struct verify_jail *jail, struct error *err)
{
	const int fds[] = {jail->folder_fd, jail->content_fd, jail->keys_fd};
	struct landlock_below below[3];
	size_t count = 0;
	struct stat st;

	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] >= 0 && fstat(fds[i], &st) == 0 && S_ISDIR(st.st_mode))
			below[count++] = (struct landlock_below){
				.fd = fds[i],
				.access = LANDLOCK_FS_READ_FILE | LANDLOCK_FS_READ_DIR,
			};
	int version = landlock_enter(below, count, LANDLOCK_NO_PORT, err);
	if (version == 0)
		log_warning("verify_layer_missing", "layer=landlock reason=\"%s\"",
			    "this kernel has none, or it is switched off");
	return version < 0 ? version : 0;
}

static int step_filter(const struct verify_jail *jail, struct error *err)
{
	(void)jail;
	return verify_filter_enter(err);
}

int verify_jail_enter(const struct verify_jail *jail, struct error *err)
{
	static int (*const steps[])(const struct verify_jail *jail, struct error *err) = {
		step_preload,	   step_rlimits, step_user_namespace, step_bounding, step_identity,
		step_capabilities, step_parent,	 step_no_new_privs,   step_landlock, step_filter,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		r = steps[i](jail, err);
	return r;
}
