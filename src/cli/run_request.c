#include "cli/run_request.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

enum { STDIN_AT_ONCE_MAX = 256 << 10 };

static const struct {
	const char *extension, *language;
} extensions[] = {
	{".rs", "rust"}, {".c", "c"},	  {".cpp", "cpp"},
	{".cc", "cpp"},	 {".cxx", "cpp"}, {".py", "python"},
};

/* From the last dot of the file's name on, or NULL. */
static const char *path_extension(const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');

	return dot && dot != name && dot[1] ? dot : NULL;
}

const char *language_by_extension(const char *path)
{
	const char *dot = path_extension(path);

	for (size_t i = 0; dot && i < sizeof(extensions) / sizeof(extensions[0]); i++)
		if (strcasecmp(extensions[i].extension, dot) == 0)
			return extensions[i].language;
	return NULL;
}

/* Does this language's main file end like ours, or is it known by the extension itself? */
static int language_fits(const json_t *language, const char *dot)
{
	const char *main_file = json_string_value(json_object_get(language, "main_file"));
	const char *main_dot = main_file ? path_extension(main_file) : NULL;
	const json_t *alias;
	size_t i;

	if (main_dot && strcasecmp(main_dot, dot) == 0)
		return 1;
	json_array_foreach (json_object_get(language, "aliases"), i, alias)
		if (json_is_string(alias) && strcasecmp(json_string_value(alias), dot + 1) == 0)
			return 1;
	return 0;
}

static char *language_pick(const char *reply, size_t len, const char *dot)
{
	json_t *root = json_loadb(reply, len, 0, NULL);
	const json_t *language;
	char *id = NULL;
	size_t i;

	json_array_foreach (json_object_get(root, "languages"), i, language) {
		const char *name = json_string_value(json_object_get(language, "id"));
		if (!id && name && language_fits(language, dot))
			id = strdup(name);
	}
	json_decref(root);
	return id;
}

/* Asks the server for its languages and takes the one whose main file ends like ours. */
static int language_ask(struct http *http, const char *path, char **ret_language, struct error *err)
{
	const struct http_request request = {
		.method = "GET", .path = "/api/v1/languages", .timeout_sec = 30};
	const char *dot = path_extension(path);
	struct http_transfer transfer = {0};
	char *language = NULL;
	int r = 0;

	if (dot) {
		r = http_call(http, &transfer, &request, err);
		if (r == 0 && transfer.status == 200 && transfer.body)
			language = language_pick(transfer.body, transfer.body_len, dot);
		http_end(http, &transfer);
	}
	if (r < 0)
		return r;
	if (!language)
		return error_set_plain(err, -EINVAL, "language",
				       "cannot tell the language of %.100s; name it with "
				       "--language ID",
				       path);
	*ret_language = language;
	return 0;
}

static int source_read(const char *path, char **ret_source, size_t *ret_len, struct error *err)
{
	int is_stdin = strcmp(path, "-") == 0;
	_cleanup_fd_ int own_fd = is_stdin ? -EBADF : open(path, O_RDONLY | O_CLOEXEC);

	if (!is_stdin && own_fd < 0)
		return error_set(err, -errno, "source", "cannot open %.120s", path);
	int r = fd_read_all(is_stdin ? STDIN_FILENO : own_fd, REQUEST_SOURCE_MAX, ret_source,
			    ret_len);
	if (r == -EFBIG)
		return error_set_plain(err, r, "source", "%.120s is larger than %d KiB", path,
				       REQUEST_SOURCE_MAX >> 10);
	return r < 0 ? error_set(err, r, "source", "cannot read %.120s", path) : 0;
}

/*
 * A small regular file goes along with the request: one message fewer, and a program that does not
 * wait for anybody keeps the limits of one that runs alone. Returns NULL when it must be streamed.
 */
static json_t *stdin_at_once(const struct stat *st)
{
	_cleanup_free_ char *text = NULL;
	size_t len;

	if (!S_ISREG(st->st_mode) || st->st_size > STDIN_AT_ONCE_MAX)
		return NULL;
	off_t start = lseek(STDIN_FILENO, 0, SEEK_CUR);
	if (start < 0 || fd_read_all(STDIN_FILENO, STDIN_AT_ONCE_MAX, &text, &len) < 0 ||
	    memchr(text, '\0', len)) {
		lseek(STDIN_FILENO, start, SEEK_SET);
		return NULL;
	}
	json_t *value = json_stringn(text, len); /* NULL when it is not UTF-8 */
	if (!value)
		lseek(STDIN_FILENO, start, SEEK_SET);
	return value;
}

static enum stdin_mode stdin_plan(const struct run_options *options, json_t *root)
{
	struct stat st, null;
	int terminal = isatty(STDIN_FILENO);

	if (strcmp(options->file, "-") == 0 || (terminal && !options->forward_stdin) ||
	    fstat(STDIN_FILENO, &st) < 0)
		return STDIN_NONE;
	if (S_ISCHR(st.st_mode) && stat("/dev/null", &null) == 0 && st.st_rdev == null.st_rdev)
		return STDIN_NONE;
	json_t *text = stdin_at_once(&st);
	if (text) {
		json_object_set_new(root, "stdin", text);
		return STDIN_NONE;
	}
	json_object_set_new(root, "interactive", json_true());
	return STDIN_STREAM;
}

static int options_fill(const struct run_options *options, json_t *root)
{
	json_t *chosen = json_object(), *args = json_array();
	int r = 0;

	for (size_t i = 0; i < options->option_count; i++) {
		const struct run_option *option = &options->options[i];
		char name[64];
		if (option->name_len >= sizeof(name))
			r = -1;
		else {
			memcpy(name, option->name, option->name_len);
			name[option->name_len] = '\0';
			r |= json_object_set_new(chosen, name, json_string(option->value));
		}
	}
	for (size_t i = 0; i < options->arg_count; i++)
		r |= json_array_append_new(args, json_string(options->args[i]));
	r |= json_object_set_new(root, "options", chosen);
	r |= json_object_set_new(root, "args", args);
	return r;
}

int request_build(const struct run_options *options, struct http *http, char **ret_body,
		  enum stdin_mode *ret_mode, struct error *err)
{
	_cleanup_free_ char *source = NULL, *asked = NULL;
	const char *language =
		options->language ? options->language : language_by_extension(options->file);
	size_t len;
	int r = source_read(options->file, &source, &len, err);

	if (r == 0 && !language) {
		r = language_ask(http, options->file, &asked, err);
		language = asked;
	}
	if (r < 0)
		return r;

	json_t *root = json_object();
	char *body = NULL;
	if (json_object_set_new(root, "code", json_stringn(source, len)) < 0)
		r = error_set_plain(err, -EINVAL, "source", "%.120s is not UTF-8 text",
				    options->file);
	else if (json_object_set_new(root, "language", json_string(language)) < 0 ||
		 options_fill(options, root) < 0)
		r = error_set_plain(err, -EINVAL, "arguments",
				    "an option or argument is too long or not UTF-8 text");
	if (r == 0) {
		*ret_mode = stdin_plan(options, root);
		body = json_dumps(root, JSON_COMPACT);
		r = body ? 0 : error_set(err, -ENOMEM, "source", "cannot write the request");
	}
	json_decref(root);
	if (r == 0)
		*ret_body = body;
	return r;
}
