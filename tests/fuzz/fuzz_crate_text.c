/* What is read of a crate besides TOML: Rust source, licences, versions and requirements for them.
 * Input: the text. */
#include "fuzz.h"

#include <errno.h>

#include "bake/licence.h"
#include "bake/semver.h"
#include "bake/vet_rust.h"
#include "bake/vet_scan.h"

static void check_licence(const char *text)
{
	char once[LICENCE_SIZE], twice[LICENCE_SIZE];

	/* What was written anew is a licence, and stays as it is. */
	if (licence_normalise(text, once) < 0)
		return;
	FUZZ_ASSERT(strlen(once) < LICENCE_SIZE && !strchr(once, '/'));
	FUZZ_ASSERT(licence_normalise(once, twice) == 0 && strcmp(once, twice) == 0);
}

static void check_version(const char *text)
{
	static const char *const others[] = {"0.0.0", "1.2.3-rc.1", "999999999.0.0"};
	struct semver version, other;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		FUZZ_ASSERT(semver_parse(others[i], &other) == 0);
		int covered = semver_matches(text, &other);
		FUZZ_ASSERT(covered == 0 || covered == 1 || covered == -EINVAL);
		if (semver_parse(text, &version) < 0)
			continue;
		int order = semver_compare(&version, &other), back = semver_compare(&other, &version);
		FUZZ_ASSERT((order > 0) == (back < 0) && (order == 0) == (back == 0));
		/* A version is a requirement that it meets itself. */
		FUZZ_ASSERT(semver_matches(text, &version) == 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *bytes = fuzz_copy(data, len), *text = fuzz_text(data, len);

	FUZZ_ASSERT(vet_rust_unsafe(bytes, len) <= len / strlen("unsafe"));
	vet_is_native(text, bytes, len);
	check_licence(text);
	check_version(text);
	free(bytes);
	free(text);
	return 0;
}
