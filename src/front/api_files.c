#include "front/api_files.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "front/api_routes.h"
#include "front/collected.h"

/*
 * What visitors' programs made, from this server's address. A browser takes it for one of the types
 * of collected.h (nosniff), opens what is no picture as a download, and what it does open stands in
 * a sandbox: no script, nothing fetched, an origin of its own. That policy comes on top of the one
 * every reply has. A result does not change: it may be kept as long as the page that shows it
 * lives.
 */
static const char file_headers[] = "Content-Security-Policy: sandbox; default-src 'none'\r\n"
				   "Cache-Control: private, max-age=86400, immutable\r\n";

/* RFC 3986: what may stand as it is. It is what an ext-value takes, too (RFC 8187), but for '~'. */
static int is_unreserved(unsigned char c)
{
	return c < 0x80 && (isalnum(c) || strchr("-._~", c));
}

/* ret_text: three times as long, and a NUL. */
static void percent_encode(const char *text, char *ret_text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		if (is_unreserved(c)) {
			*ret_text++ = *text;
			continue;
		}
		*ret_text++ = '%';
		*ret_text++ = digits[c >> 4];
		*ret_text++ = digits[c & 15];
	}
	*ret_text = '\0';
}

void api_file_url(const char *id, const char *name, char ret_url[API_FILE_URL_SIZE])
{
	char part[3 * COLLECT_NAME_MAX + 1];

	percent_encode(name, part);
	snprintf(ret_url, API_FILE_URL_SIZE, "/api/v1/jobs/%s/files/%s", id, part);
}

int api_file_name(const char *part, char ret_name[COLLECT_NAME_MAX + 1])
{
	size_t used = 0;

	for (; *part; part++) {
		unsigned c = (unsigned char)*part;
		if (used == COLLECT_NAME_MAX)
			return -EINVAL;
		if (c == '%') {
			if (!isxdigit((unsigned char)part[1]) ||
			    !isxdigit((unsigned char)part[2]) || sscanf(part + 1, "%2x", &c) != 1 ||
			    c == 0)
				return -EINVAL;
			part += 2;
		}
		ret_name[used++] = (char)c;
	}
	ret_name[used] = '\0';
	return 0;
}

static const struct product_file *find_file(const struct product *product, const char *name)
{
	for (size_t i = 0; product && product->is_collected && i < product->file_count; i++)
		if (strcmp(product->files[i].name, name) == 0)
			return &product->files[i];
	return NULL;
}

static void reply_file(struct http_request *request, const struct product_file *file)
{
	int is_picture = strcmp(file->type, COLLECTED_TYPE_OTHER) != 0;
	char name[3 * COLLECT_NAME_MAX + 1], extra[sizeof(file_headers) + sizeof(name) + 64];

	percent_encode(file->name, name);
	snprintf(extra, sizeof(extra), "%sContent-Disposition: %s; filename*=UTF-8''%s\r\n",
		 file_headers, is_picture ? "inline" : "attachment", name);
	http_reply(request, &(struct http_reply){
				    .status = 200,
				    .type = file->type,
				    .body = file->content,
				    .len = file->len,
				    .extra = extra,
			    });
}

void api_job_file(struct http_request *request)
{
	char name[COLLECT_NAME_MAX + 1] = "";
	struct job *job = job_find(request->service, request->id);
	const struct product_file *file = NULL;

	if (job && job_peek(job, NULL, NULL, NULL) &&
	    api_file_name(strrchr(request->path, '/') + 1, name) == 0)
		file = find_file(job_product(job), name);
	if (file)
		reply_file(request, file);
	else
		http_reply_error(request, 404, "not_found", NULL,
				 "job %s has no file %s; files are kept for a while only",
				 request->id, strrchr(request->path, '/') + 1);
	job_unref(job);
}
