#include "bake/selftest_crates.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bake/json.h"
#include "base/fd.h"

int selftest_crates_code(const char *own, const json_t *crates, char **ret_code, struct error *err)
{
	_cleanup_free_ char *code = NULL;
	size_t size, i;
	json_t *crate;

	FILE *out = open_memstream(&code, &size);
	if (!out)
		return error_set(err, -ENOMEM, "self-test", "cannot write a program");
	fprintf(out, "%s\n", own ? own : "fn main() {}");
	/* The leading colons: a function of check.rs may be called as a crate is. */
	json_array_foreach (crates, i, crate)
		fprintf(out, "#[allow(unused_imports)]\nuse ::%s as _;\n", json_text(crate, "id"));
	if (fclose(out) != 0)
		return error_set(err, -ENOMEM, "self-test", "cannot write a program");
	*ret_code = TAKE_PTR(code);
	return 0;
}
