#include "front/jail_landlock.h"

#include <errno.h>
#include <fcntl.h>

#include "base/fd.h"
#include "base/landlock.h"
#include "base/log.h"

/* What SQLite needs; no folders, links, devices, sockets, and nothing is executed. */
#define DATA_RIGHTS                                                                                \
	(LANDLOCK_FS_READ_FILE | LANDLOCK_FS_READ_DIR | LANDLOCK_FS_WRITE_FILE |                   \
	 LANDLOCK_FS_MAKE_REG | LANDLOCK_FS_REMOVE_FILE | LANDLOCK_FS_TRUNCATE)

#define WEB_RIGHTS (LANDLOCK_FS_READ_FILE | LANDLOCK_FS_READ_DIR)

int jail_landlock(const char *data_path, const char *web_path, unsigned listen_port,
		  struct error *err)
{
	_cleanup_fd_ int data_fd = open(data_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	_cleanup_fd_ int web_fd =
		web_path ? open(web_path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;
	const struct landlock_below below[] = {{data_fd, DATA_RIGHTS}, {web_fd, WEB_RIGHTS}};

	if (data_fd < 0 || (web_path && web_fd < 0))
		return error_set(err, -errno, "landlock", "cannot open %s",
				 data_fd < 0 ? data_path : web_path);
	int version = landlock_enter(below, web_path ? 2 : 1, (int)listen_port, err);
	if (version < 0)
		return version;
	if (version == 0)
		log_warning("jail_layer_missing", "layer=landlock reason=\"%s\"",
			    "this kernel has none, or it is switched off");
	else if (version < LANDLOCK_SCOPE)
		log_warning(
			"jail_layer_missing", "layer=landlock version=%d reason=\"%s\"", version,
			version < LANDLOCK_NET ? "this kernel's cannot confine ports and signals"
					       : "this kernel's cannot confine signals");
	return 0;
}
