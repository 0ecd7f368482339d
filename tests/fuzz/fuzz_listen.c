/* ADDRESS:PORT of --listen. What is taken reads the same when it is written again. */
#include "fuzz.h"

#include <errno.h>

#include "supervisor/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *text = fuzz_text(data, len), address[64] = "", again[64] = "", written[96];
	unsigned port = 0, port_again = 0;
	struct error err = {0};

	int r = options_parse_listen(text, address, &port, &err);
	if (r == 0) {
		FUZZ_ASSERT(port <= 65535 && address[0]);
		snprintf(written, sizeof(written), strchr(address, ':') ? "[%s]:%u" : "%s:%u",
			 address, port);
		FUZZ_ASSERT(options_parse_listen(written, again, &port_again, &err) == 0);
		FUZZ_ASSERT(strcmp(address, again) == 0 && port == port_again);
	} else {
		FUZZ_ASSERT(r == -EINVAL && err.text[0]);
	}
	free(text);
	return 0;
}
