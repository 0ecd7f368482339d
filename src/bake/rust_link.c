#include "bake/rust_link.h"

#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/fd.h"

/* What the C compiler's driver knows of each machine. The loader's path: System V ABI supplements.
 */
static const struct machine {
	const char *name, *multiarch, *loader;
} machines[] = {
	{"x86_64", "x86_64-linux-gnu", "/lib64/ld-linux-x86-64.so.2"},
	{"aarch64", "aarch64-linux-gnu", "/lib/ld-linux-aarch64.so.1"},
};

static const struct machine *this_machine(void)
{
	struct utsname host;

	if (uname(&host) < 0)
		return NULL;
	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (strcmp(machines[i].name, host.machine) == 0)
			return &machines[i];
	return NULL;
}

/* Where things lie in the image; paths as cells see them. */
struct link_parts {
	const struct machine *machine;
	struct path libraries; /* libc's start files */
	struct path gcc;       /* the C compiler's */
	struct path rust;      /* the tool chain's for this target */
};

/*
 * The last path in the image that fits, less the image's root, or of what it lies in. Returns 1, 0
 * when there is none, or a negative errno.
 */
static int find(const struct bake *bake, const char *pattern, int folder, struct path *ret_path,
		struct error *err)
{
	struct path full, root;
	glob_t found;

	int r = path_format(&root, err, "%s/root", bake->image.text);
	if (r >= 0)
		r = path_format(&full, err, "%s%s", root.text, pattern);
	if (r < 0)
		return r;
	if (glob(full.text, 0, NULL, &found) != 0)
		return 0;
	r = path_format(ret_path, err, "%s",
			found.gl_pathv[found.gl_pathc - 1] + strlen(root.text));
	globfree(&found);
	if (r >= 0 && folder)
		*strrchr(ret_path->text, '/') = '\0';
	return r < 0 ? r : 1;
}

/* Returns 1 when all there needs to be is there. */
static int find_parts(const struct bake *bake, const struct channel *channel,
		      struct link_parts *parts, struct error *err)
{
	struct path pattern, linker;

	parts->machine = this_machine();
	if (!parts->machine)
		return 0;
	int r = path_format(&pattern, err, "/usr/lib/%s/Scrt1.o", parts->machine->multiarch);
	if (r >= 0)
		r = find(bake, pattern.text, 1, &parts->libraries, err);
	if (r > 0)
		r = path_format(&pattern, err, "/usr/lib/gcc/%s/*/crtbeginS.o",
				parts->machine->multiarch);
	if (r >= 0)
		r = find(bake, pattern.text, 1, &parts->gcc, err);
	if (r > 0)
		r = path_format(&pattern, err,
				"/opt/rust/%s/lib/rustlib/%s-unknown-linux-gnu/lib/libstd-*.so",
				channel->name, parts->machine->name);
	if (r >= 0)
		r = find(bake, pattern.text, 1, &parts->rust, err);
	if (r > 0)
		r = path_format(&pattern, err, "%s/../bin/rust-lld", parts->rust.text);
	return r < 0 ? r : find(bake, pattern.text, 0, &linker, err);
}

static int write_args(const struct link_parts *parts, FILE *out)
{
	const char *libraries = parts->libraries.text, *gcc = parts->gcc.text;

	/* By its name rust-lld is found in the tool chain, and called as a linker of this flavour.
	 */
	fputs("-Clinker=rust-lld\n-Clinker-flavor=ld.lld\n-Cprefer-dynamic\n", out);
	fprintf(out, "-Clink-arg=-rpath=%s\n", parts->rust.text);
	fprintf(out, "-Clink-arg=--dynamic-linker=%s\n", parts->machine->loader);
	fprintf(out, "-Clink-arg=-L%s\n-Clink-arg=-L%s\n", libraries, gcc);
	fprintf(out, "-Clink-arg=%s/Scrt1.o\n-Clink-arg=%s/crti.o\n", libraries, libraries);
	fprintf(out, "-Clink-arg=%s/crtbeginS.o\n-Clink-arg=%s/crtendS.o\n", gcc, gcc);
	fprintf(out, "-Clink-arg=%s/crtn.o\n", libraries);
	return ferror(out) ? -ENOMEM : 0;
}

int rust_link_write(const struct bake *bake, const struct channel *channel, struct error *err)
{
	struct link_parts parts;
	_cleanup_free_ char *text = NULL;
	struct path file;
	size_t len;

	int r = path_format(&file, err, "%s/root/opt/rust/%s/link.args", bake->image.text,
			    channel->name);
	int found = r < 0 ? r : find_parts(bake, channel, &parts, err);
	if (found < 0)
		return found;
	FILE *out = open_memstream(&text, &len);
	if (!out)
		return error_set(err, -ENOMEM, "rust", "cannot write %s", file.text);
	r = found ? write_args(&parts, out) : 0;
	if (fclose(out) != 0 || r < 0)
		return error_set(err, -ENOMEM, "rust", "cannot write %s", file.text);
	return path_write_file(file.text, 0644, text, len, err);
}
