/* A WebSocket client's side of a connection, from its first frame to its end, as it comes. */
#include "fuzz.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front/http_websocket.h"

enum { MESSAGE_MAX = 4096 };

static void receive_all(struct websocket *socket)
{
	for (;;) {
		size_t message_len = SIZE_MAX;
		char *text = NULL;
		int r = websocket_receive(socket, 0, &text, &message_len);
		if (r <= 0) {
			FUZZ_ASSERT(!text);
			/* All has come and the other side has closed: it is never "not yet". */
			FUZZ_ASSERT(r == -ECONNRESET || r == -EPROTO || r == -EMSGSIZE ||
				    r == -EOPNOTSUPP);
			return;
		}
		FUZZ_ASSERT(text && message_len <= MESSAGE_MAX && text[message_len] == '\0');
		free(text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct websocket *socket = malloc(sizeof(*socket));
	int fds[2];

	FUZZ_ASSERT(socket && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	/* What does not fit into the socket's buffer is left out. */
	ssize_t sent = send(fds[1], data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	FUZZ_ASSERT(sent >= 0 || errno == EAGAIN);
	FUZZ_ASSERT(shutdown(fds[1], SHUT_WR) == 0);
	websocket_init(socket, fds[0], MESSAGE_MAX);
	receive_all(socket);
	websocket_fini(socket);
	free(socket);
	close(fds[0]);
	close(fds[1]);
	return 0;
}
