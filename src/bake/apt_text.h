/*
 * What apt prints and is told, as text. Pure.
 */
#ifndef BAKE_APT_TEXT_H
#define BAKE_APT_TEXT_H

#include <jansson.h>

#include "base/error.h"

/*
 * `apt-get install --print-uris`: "'ADDRESS' NAME_VERSION_ARCHITECTURE.deb SIZE SHA256:HEX" among
 * other lines. ret_list: a new package list (packages.h). -EINVAL when a line has another form.
 */
int apt_text_uris(const char *text, json_t **ret_list, struct error *err);

/*
 * `apt-cache show --all-versions`: stanzas. ret_array: a new array of packages as packages.h has
 * them, in no order, with every version of a name. What lacks one of the values is left out.
 */
int apt_text_show(const char *text, json_t **ret_array, struct error *err);

/*
 * The configuration of an apt that keeps everything below folder, takes its sources from
 * folder/sources.d and nothing from the machine. more: further lines. ret_text: new.
 */
int apt_text_config(const char *folder, const char *architecture, const char *more, char **ret_text,
		    struct error *err);

#endif
