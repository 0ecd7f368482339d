/* NAME=VALUE. One field at most is changed, on success alone, and then within its bounds. */
#include "fuzz.h"

#include <errno.h>

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct limits before = limits_default_run();
	struct limits limits = before, old = before;
	struct error err = {0};
	char *text = fuzz_text(data, len);
	unsigned changed = 0;

	int r = limits_parse(&limits, text, &err);
	for (size_t i = 0; i < LIMIT_FIELDS; i++) {
		const struct limit_row *row = &limit_rows()[i];
		uint64_t value = *limit_field(&limits, row);
		if (value == *limit_field(&old, row))
			continue;
		changed++;
		FUZZ_ASSERT(value >= row->least && value <= row->most);
		FUZZ_ASSERT(strncmp(text, row->name, strlen(row->name)) == 0);
	}
	FUZZ_ASSERT(changed <= (r == 0));
	if (r < 0)
		FUZZ_ASSERT((r == -EINVAL || r == -ERANGE) && err.text[0] &&
			    memchr(err.text, '\0', sizeof(err.text)));
	free(text);
	return 0;
}
