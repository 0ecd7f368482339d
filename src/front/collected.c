#include "front/collected.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bundle.h"
#include "front/utf8.h"

enum { COLLECTED_READ_MAX = BUNDLE_BYTES_MAX };

/*
 * Control characters, and what changes the order in which others are read: a name should be what it
 * looks like. By their first bytes in UTF-8, and what the last may be.
 */
static int is_control(const char *at)
{
	static const struct {
		const char *begin;
		unsigned char first, last;
	} rows[] = {
		{"", 0x00, 0x1f},	  {"", 0x7f, 0x7f},	    {"\xc2", 0x80, 0x9f},
		{"\xd8", 0x9c, 0x9c},	  {"\xe2\x80", 0x8e, 0x8f}, {"\xe2\x80", 0xa8, 0xae},
		{"\xe2\x81", 0xa6, 0xa9},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].begin);
		if (strncmp(at, rows[i].begin, len) == 0 &&
		    (unsigned char)at[len] >= rows[i].first &&
		    (unsigned char)at[len] <= rows[i].last)
			return 1;
	}
	return 0;
}

int collected_name_is_valid(const char *name, size_t len)
{
	char text[COLLECT_NAME_MAX + 1];

	if (len > COLLECT_NAME_MAX || memchr(name, '/', len) || !bundle_path_is_valid(name, len) ||
	    !utf8_is_valid(name, len))
		return 0;
	memcpy(text, name, len);
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if (is_control(text + i))
			return 0;
	return 1;
}

/* Does it begin, after what XML lets stand there, with this? */
static int svg_begins(const char *data, size_t len, const char *with)
{
	size_t word = strlen(with);

	return len > word && memcmp(data, with, word) == 0 && strchr(" \t\r\n>/", data[word]);
}

static int is_svg(const char *name, const char *data, size_t len)
{
	size_t name_len = strlen(name);

	if (name_len < 5 || strcasecmp(name + name_len - 4, ".svg") != 0)
		return 0;
	if (memchr(data, '\0', len) || !utf8_is_valid(data, len))
		return 0;
	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
		data += 3;
		len -= 3;
	}
	while (len > 0 && strchr(" \t\r\n", *data)) {
		data++;
		len--;
	}
	return svg_begins(data, len, "<svg") || svg_begins(data, len, "<?xml");
}

const char *collected_type(const char *name, const char *data, size_t len)
{
	static const char png[] = "\x89PNG\r\n\x1a\n";

	if (len >= sizeof(png) - 1 && memcmp(data, png, sizeof(png) - 1) == 0)
		return "image/png";
	return is_svg(name, data, len) ? "image/svg+xml" : COLLECTED_TYPE_OTHER;
}

static int add_file(struct product *product, const struct bundle_record *record)
{
	if (product->file_count == COLLECT_FILES_MAX ||
	    !collected_name_is_valid(record->name, record->name_len)) {
		product->left_out++;
		return 0;
	}
	struct product_file *file = &product->files[product->file_count];
	file->name = strndup(record->name, record->name_len);
	if (!file->name)
		return -ENOMEM;
	file->content = record->body;
	file->len = record->body_len;
	file->type = collected_type(file->name, file->content, file->len);
	product->file_count++;
	return 0;
}

static int read_records(struct product *product, struct error *err)
{
	struct bundle_record record;
	size_t offset = 0;
	uint32_t count;
	int r;

	while ((r = bundle_next(product->text, product->len, &offset, &record, err)) > 0) {
		if (record.type == BUNDLE_FILE) {
			r = add_file(product, &record);
		} else if (record.type == BUNDLE_LEFT_OUT) {
			memcpy(&count, record.body, sizeof(count));
			product->left_out += count;
		} else {
			r = -EBADMSG;
		}
		if (r < 0)
			return error_set(err, r, "files", "it is no bundle of files");
	}
	return r;
}

int collected_read(int fd, struct product **ret_product, struct error *err)
{
	struct product *product = calloc(1, sizeof(*product));

	if (!product)
		return error_set(err, -ENOMEM, "files", "no memory for the files");
	product->is_collected = 1;
	int r = product_read_artefact(product, fd, COLLECTED_READ_MAX);
	if (r == 0 && product->truncated)
		r = -EBADMSG;
	if (r == 0) {
		product->files = calloc(COLLECT_FILES_MAX, sizeof(*product->files));
		r = product->files ? 0 : -ENOMEM;
	}
	if (r < 0)
		error_set(err, r, "files", "cannot read the files");
	else if (product->len > 0)
		r = read_records(product, err);
	if (r < 0) {
		product_free(product);
		return r;
	}
	*ret_product = product;
	return 0;
}
