/*
 * How programs are linked: root/opt/rust/CHANNEL/link.args, one rustc argument per line, for steps
 * to name as `@/opt/rust/CHANNEL/link.args`.
 *
 * The tool chain's own linker is called directly instead of through the C compiler's driver, and
 * the standard library is shared: the compiler's greatest cost with a small program is copying 4 MB
 * of library into it. (rustc book, "codegen options": linker, linker-flavor, link-arg,
 * prefer-dynamic.)
 */
#ifndef BAKE_RUST_LINK_H
#define BAKE_RUST_LINK_H

#include "bake/bake.h"

/*
 * Writes a channel's link.args into bake->image, whose Debian and Rust parts must be in place.
 * Where something that is needed for it is not there (a tool chain without linker, another
 * processor), the file is empty: programs are then linked as the compiler does by itself.
 */
int rust_link_write(const struct bake *bake, const struct channel *channel, struct error *err);

#endif
