/* The cell's network and names: a loopback interface and the host name "sandlot". */
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "sandbox/cell.h"

static const char cell_name[] = "sandlot";
static const char no_domain[] = "(none)";

int cell_network(struct cell_context *context)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};

	if (cell_without(context, CELL_WITHOUT_NET_NS))
		return 0;
	_cleanup_fd_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return cell_failed(context, errno, "cannot bring the loopback interface up");
	return 0;
}

int cell_hostname(struct cell_context *context)
{
	if (cell_without(context, CELL_WITHOUT_UTS_NS))
		return 0;
	if (sethostname(cell_name, strlen(cell_name)) < 0 ||
	    setdomainname(no_domain, strlen(no_domain)) < 0)
		return cell_failed(context, errno, "cannot set the host name");
	return 0;
}
