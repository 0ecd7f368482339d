/*
 * Places what the bundle carries: files below /playground, the artefact of an earlier step, and in
 * memory the argument vector and the environment. This is the first and only reader of a bundle's
 * bytes; it runs inside the namespaces, with the job's file system ids.
 *
 * A job that is started early has two bundles: what one may carry, the other may not.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cell.h"

/* What a program finds set when the bundle does not say otherwise. */
static const char *const default_env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"HOME=/playground",
	"LANG=C.UTF-8",
};

enum { DEFAULT_ENV = sizeof(default_env) / sizeof(default_env[0]) };

enum bundle_part { BUNDLE_WHOLE, BUNDLE_EARLY, BUNDLE_REST };

#define CARRIES(type) (1U << BUNDLE_##type)

static const unsigned carries[] = {
	[BUNDLE_WHOLE] = CARRIES(ARG) | CARRIES(ENV) | CARRIES(FILE) | CARRIES(PROGRAM) |
			 CARRIES(ARTEFACT_IN) | CARRIES(ARTEFACT_OUT) | CARRIES(COLLECT) |
			 CARRIES(CARRY),
	[BUNDLE_EARLY] =
		CARRIES(ARG) | CARRIES(ENV) | CARRIES(FILE) | CARRIES(PROGRAM) | CARRIES(FIFO),
	[BUNDLE_REST] = CARRIES(FILE) | CARRIES(ARTEFACT_OUT) | CARRIES(LATER) | CARRIES(CARRY),
};

struct unpacking {
	enum bundle_part part;
	const void *data;
	size_t len;
	unsigned args, envs, files;
};

static int too_many(struct cell_context *context, const char *what, unsigned most)
{
	return cell_failed(context, E2BIG, "the bundle has more than %u %s", most, what);
}

static int place(struct cell_context *context, const struct bundle_record *record, mode_t mode)
{
	char path[BUNDLE_PATH_MAX + 1];

	memcpy(path, record->name, record->name_len);
	path[record->name_len] = '\0';
	int r = cell_make_parents(path);
	if (r < 0)
		return cell_failed(context, -r, "cannot make the folders of /playground/%s", path);
	_cleanup_fd_ int fd =
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return cell_failed(context, errno, "cannot make /playground/%s", path);
	if (record->type != BUNDLE_ARTEFACT_IN) {
		r = fd_write_all(fd, record->body, record->body_len);
		return r < 0 ? cell_failed(context, -r, "cannot write /playground/%s", path) : 0;
	}
	off_t at = 0;
	for (;;) {
		ssize_t n = sendfile(fd, CELL_FD_ARTEFACT_IN, &at, 1 << 30);
		if (n < 0)
			return cell_failed(context, errno, "cannot write /playground/%s", path);
		if (n == 0)
			return 0;
	}
}

static int add_text(struct cell_context *context, char **ret_text,
		    const struct bundle_record *record)
{
	*ret_text = strndup(record->body, record->body_len);
	return *ret_text ? 0 : cell_failed(context, ENOMEM, "cannot keep the arguments");
}

static int set_artefact_out(struct cell_context *context, const struct bundle_record *record)
{
	if (context->artefact_out[0] || context->collect[0])
		return cell_failed(context, EBADMSG, "the bundle names two things to hand on");
	memcpy(context->artefact_out, record->name, record->name_len);
	return 0;
}

/* What is there already was among the files; if it is no folder, there will be nothing in it. */
static int make_collected(struct cell_context *context, const struct bundle_record *record)
{
	if (context->artefact_out[0] || context->collect[0])
		return cell_failed(context, EBADMSG, "the bundle names two things to hand on");
	memcpy(context->collect, record->name, record->name_len);
	int r = cell_make_parents(context->collect);
	if (r == 0 && mkdir(context->collect, 0755) < 0 && errno != EEXIST)
		r = -errno;
	return r < 0 ? cell_failed(context, -r, "cannot make the folder /playground/%s",
				   context->collect)
		     : 0;
}

static int set_carry(struct cell_context *context, const struct bundle_record *record)
{
	if (context->carry[0])
		return cell_failed(context, EBADMSG, "the bundle names two folders to carry");
	if (!context->work.has_carry)
		return cell_failed(context, EBADMSG,
				   "the bundle names a folder to carry and nothing came for it");
	memcpy(context->carry, record->name, record->name_len);
	return 0;
}

static int make_fifo(struct cell_context *context, const struct bundle_record *record)
{
	if (context->fifo[0])
		return cell_failed(context, EBADMSG, "the bundle names two FIFOs");
	memcpy(context->fifo, record->name, record->name_len);
	int r = cell_make_parents(context->fifo);
	if (r == 0 && mkfifo(context->fifo, 0600) < 0)
		r = -errno;
	return r < 0 ? cell_failed(context, -r, "cannot make the FIFO /playground/%s",
				   context->fifo)
		     : 0;
}

static int set_later(struct cell_context *context, const struct bundle_record *record)
{
	if (context->later)
		return cell_failed(context, EBADMSG, "the bundle has two lots of later words");
	if (record->name_len != strlen(context->fifo) ||
	    memcmp(record->name, context->fifo, record->name_len) != 0)
		return cell_failed(context, EBADMSG, "the bundle's later words are for no FIFO");
	context->later = malloc(record->body_len + 1);
	if (!context->later)
		return cell_failed(context, ENOMEM, "cannot keep the later words");
	memcpy(context->later, record->body, record->body_len);
	context->later_len = record->body_len;
	return 0;
}

static int take_record(struct cell_context *context, struct unpacking *unpacking,
		       const struct bundle_record *record)
{
	if (!(carries[unpacking->part] & 1U << record->type))
		return cell_failed(context, EBADMSG,
				   "the bundle has a record that it may not have");
	switch (record->type) {
	case BUNDLE_ARG:
		if (unpacking->args == BUNDLE_ARGS_MAX)
			return too_many(context, "arguments", BUNDLE_ARGS_MAX);
		return add_text(context, &context->argv[unpacking->args++], record);
	case BUNDLE_ENV:
		if (unpacking->envs == BUNDLE_ENV_MAX)
			return too_many(context, "environment entries", BUNDLE_ENV_MAX);
		return add_text(context, &context->envp[unpacking->envs++], record);
	case BUNDLE_ARTEFACT_OUT:
		return set_artefact_out(context, record);
	case BUNDLE_ARTEFACT_IN:
		if (!context->work.has_artefact_in)
			return cell_failed(context, EBADMSG,
					   "the bundle places an artefact and none came");
		/* fall through */
	case BUNDLE_PROGRAM:
	case BUNDLE_FILE:
		if (unpacking->files++ == BUNDLE_FILES_MAX)
			return too_many(context, "files", BUNDLE_FILES_MAX);
		return place(context, record, record->type == BUNDLE_FILE ? 0644 : 0755);
	case BUNDLE_FIFO:
		return make_fifo(context, record);
	case BUNDLE_CARRY:
		return set_carry(context, record);
	case BUNDLE_LATER:
		return set_later(context, record);
	case BUNDLE_COLLECT:
		return make_collected(context, record);
	case BUNDLE_LEFT_OUT:
	case BUNDLE_END:
	case BUNDLE_TYPE_COUNT:
		break;
	}
	return cell_failed(context, EBADMSG, "the bundle has a record of no known kind");
}

static int env_has(char *const *envp, const char *entry)
{
	size_t len = (size_t)(strchr(entry, '=') - entry) + 1;

	for (; *envp; envp++)
		if (strncmp(*envp, entry, len) == 0)
			return 1;
	return 0;
}

static int unpack_records(struct cell_context *context, struct unpacking *unpacking)
{
	struct bundle_record record;
	struct error fault = {0};
	size_t offset = 0;
	int r;

	while ((r = bundle_next(unpacking->data, unpacking->len, &offset, &record, &fault)) > 0) {
		r = take_record(context, unpacking, &record);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return cell_failed(context, -r, "%s", fault.text);
	if (unpacking->part == BUNDLE_REST)
		return context->later
			       ? 0
			       : cell_failed(context, EBADMSG, "the bundle has no later words");
	if (unpacking->args == 0)
		return cell_failed(context, EBADMSG, "the bundle names no program");
	if (unpacking->part == BUNDLE_EARLY && !context->fifo[0])
		return cell_failed(context, EBADMSG, "the bundle names no FIFO");
	for (size_t i = 0; i < DEFAULT_ENV; i++)
		if (!env_has(context->envp, default_env[i]))
			context->envp[unpacking->envs++] = (char *)(uintptr_t)default_env[i];
	return 0;
}

static int unpack(struct cell_context *context, enum bundle_part part)
{
	struct unpacking unpacking = {.part = part};
	struct stat st;

	if (fstat(CELL_FD_BUNDLE, &st) < 0)
		return cell_failed(context, errno, "there is no bundle");
	if (st.st_size <= 0 || st.st_size > BUNDLE_BYTES_MAX)
		return cell_failed(context, EBADMSG, "the bundle is empty or too large");
	unpacking.len = (size_t)st.st_size;
	/* Private: before Linux 6.7 a memfd sealed against writing cannot be mapped shared. */
	void *data = mmap(NULL, unpacking.len, PROT_READ, MAP_PRIVATE, CELL_FD_BUNDLE, 0);
	if (data == MAP_FAILED)
		return cell_failed(context, errno, "cannot map the bundle");
	unpacking.data = data;
	/* As the job's user from here, so that what is made is the job's; its return values tell
	 * nothing. With a single id it is so already. */
	if (!context->spec.single_id) {
		setfsgid(CELL_UID);
		setfsuid(CELL_UID);
	}
	int r = unpack_records(context, &unpacking);
	setfsuid(0);
	setfsgid(0);
	munmap(data, unpacking.len);
	close(CELL_FD_BUNDLE);
	return r;
}

int cell_unpack(struct cell_context *context)
{
	context->argv = calloc(BUNDLE_ARGS_MAX + 1, sizeof(char *));
	context->envp = calloc(BUNDLE_ENV_MAX + DEFAULT_ENV + 1, sizeof(char *));
	if (!context->argv || !context->envp)
		return cell_failed(context, ENOMEM, "cannot keep the arguments");
	int r = unpack(context, context->work.early ? BUNDLE_EARLY : BUNDLE_WHOLE);
	close(CELL_FD_ARTEFACT_IN);
	if (!context->work.has_carry)
		close(CELL_FD_CARRY);
	return r;
}

int cell_unpack_later(struct cell_context *context)
{
	return unpack(context, BUNDLE_REST);
}
