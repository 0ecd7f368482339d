/*
 * A packet from the other side of the channel. Input: sender and state, fd count, the packet. What
 * is taken has one encoding only, prints, and says no more than its message's rule allows.
 */
#include "fuzz.h"

#include <errno.h>

#include "ipc/protocol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	unsigned char packet[IPC_PACKET_MAX];
	struct ipc_message message;
	struct error err = {0};
	char text[256];

	if (len < 2)
		return 0;
	enum ipc_sender sender = data[0] & 1 ? IPC_SUPERVISOR : IPC_FRONT;
	enum ipc_state state = (enum ipc_state)((data[0] >> 1) % (IPC_SERVING + 1));
	unsigned char *copy = fuzz_copy(data + 2, len - 2);

	int r = ipc_decode(copy, len - 2, data[1], sender, state, &message, &err);
	if (r == 0) {
		FUZZ_ASSERT(ipc_type_fds(message.type) == data[1]);
		FUZZ_ASSERT(ipc_encode(&message, packet) == len - 2);
		FUZZ_ASSERT(memcmp(packet, copy, len - 2) == 0);
		ipc_print(&message, text, sizeof(text));
		FUZZ_ASSERT(memchr(text, '\0', sizeof(text)));
	} else {
		FUZZ_ASSERT(r == -EBADMSG && err.code == r && err.text[0]);
	}
	free(copy);
	return 0;
}
