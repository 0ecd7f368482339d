#include "bake/toml_internal.h"

/* Writes a code point as UTF-8. Returns how many bytes, 0 when it is none. */
static size_t put_utf8(unsigned long code, char *to)
{
	if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	if (code < 0x80) {
		to[0] = (char)code;
		return 1;
	}
	size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
	static const unsigned char lead[] = {0, 0xc0, 0xe0, 0xf0};
	to[0] = (char)(lead[more] | (code >> (6 * more)));
	for (size_t i = 1; i <= more; i++)
		to[i] = (char)(0x80 | ((code >> (6 * (more - i))) & 0x3f));
	return more + 1;
}

/* \uXXXX or \UXXXXXXXX, at the letter. Returns bytes written or a negative errno. */
static int take_code(struct toml_parser *parser, char *to)
{
	size_t digits = *parser->at == 'u' ? 4 : 8;
	unsigned long code = 0;

	for (size_t i = 1; i <= digits; i++) {
		static const char hex[] = "0123456789abcdefABCDEF";
		const char *found = toml_ahead(parser, i) ? strchr(hex, parser->at[i]) : NULL;
		if (!found)
			return toml_refuse(parser, "an escape lacks hex digits");
		size_t value = (size_t)(found - hex);
		code = code << 4 | (value > 15 ? value - 6 : value);
	}
	parser->at += digits + 1;
	size_t n = put_utf8(code, to);
	return n ? (int)n : toml_refuse(parser, "an escape is no character");
}

/* What follows a backslash. Returns bytes written or a negative errno. */
static int take_escape(struct toml_parser *parser, int multi, char *to)
{
	static const char letters[] = "btnfr\"\\", bytes[] = "\b\t\n\f\r\"\\";
	char c = toml_ahead(parser, 0);

	if (c == 'u' || c == 'U')
		return take_code(parser, to);
	const char *found = c ? strchr(letters, c) : NULL;
	if (found) {
		*to = bytes[found - letters];
		parser->at++;
		return 1;
	}
	struct toml_parser next = *parser;
	toml_skip_space(&next);
	if (!multi || !toml_newline(&next))
		return toml_refuse(parser, "an unknown escape");
	for (size_t n; (n = toml_newline(&next)) > 0; toml_skip_space(&next)) {
		next.at += n;
		next.line++;
	}
	parser->at = next.at;
	parser->line = next.line;
	return 0;
}

/* Is the closing delimiter here? Up to two quotes may stand right before a multi-line one. */
static int is_close(const struct toml_parser *parser, const char *quote)
{
	if (!toml_starts_with(parser, quote))
		return 0;
	return strlen(quote) == 1 || toml_ahead(parser, 3) != *quote;
}

/* Takes the text behind an opening quote, to behind the closing one, into scratch. */
static int take_body(struct toml_parser *parser, const char *quote, size_t *ret_len)
{
	char *to = parser->scratch;
	int multi = strlen(quote) == 3;
	size_t len = 0;

	if (multi && toml_newline(parser)) {
		parser->at += toml_newline(parser);
		parser->line++;
	}
	while (!is_close(parser, quote)) {
		char c = toml_ahead(parser, 0);
		int n = 1;
		if (parser->at >= parser->end || (c == '\n' && !multi))
			return toml_refuse(parser, "a text is not closed");
		if (((unsigned char)c < ' ' && c != '\t' && !(multi && toml_newline(parser))) ||
		    c == 127)
			return toml_refuse(parser, "a control character in a text");
		parser->line += c == '\n';
		parser->at++;
		if (c == '\\' && *quote == '"')
			n = take_escape(parser, multi, to + len);
		else
			to[len] = c;
		if (n < 0)
			return n;
		len += (size_t)n;
	}
	parser->at += strlen(quote);
	*ret_len = len;
	return 0;
}

int toml_take_text(struct toml_parser *parser, int multi, size_t *ret_len)
{
	static const char *const quotes[] = {"\"\"\"", "'''", "\"", "'"};

	for (size_t i = multi ? 0 : 2; i < sizeof(quotes) / sizeof(quotes[0]); i++)
		if (toml_starts_with(parser, quotes[i])) {
			parser->at += strlen(quotes[i]);
			return take_body(parser, quotes[i], ret_len);
		}
	return toml_refuse(parser, "a text in quotes is expected");
}
