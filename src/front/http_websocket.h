/*
 * The server's side of a WebSocket (RFC 6455) on a socket whose opening handshake is done. Takes
 * text messages of a bounded size and answers pings; no extensions. Runs in the front end: one
 * thread receives, any may send.
 */
#ifndef FRONT_HTTP_WEBSOCKET_H
#define FRONT_HTTP_WEBSOCKET_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum websocket_opcode {
	WEBSOCKET_CONTINUATION = 0x0,
	WEBSOCKET_TEXT = 0x1,
	WEBSOCKET_BINARY = 0x2,
	WEBSOCKET_CLOSE = 0x8,
	WEBSOCKET_PING = 0x9,
	WEBSOCKET_PONG = 0xa,
};

/* Why a connection is closed: RFC 6455, section 7.4.1. */
enum websocket_status {
	WEBSOCKET_STATUS_NORMAL = 1000,
	WEBSOCKET_STATUS_GOING_AWAY = 1001,
	WEBSOCKET_STATUS_PROTOCOL_ERROR = 1002,
	WEBSOCKET_STATUS_UNSUPPORTED = 1003,
	WEBSOCKET_STATUS_POLICY = 1008,
	WEBSOCKET_STATUS_TOO_BIG = 1009,
};

enum {
	WEBSOCKET_HEAD_MAX = 14,
	WEBSOCKET_CONTROL_MAX = 125,
	WEBSOCKET_REASON_MAX = WEBSOCKET_CONTROL_MAX - 2,
	WEBSOCKET_IN_SIZE = 16 << 10,
};

/* The head of a frame. */
struct websocket_frame {
	int final;
	enum websocket_opcode opcode;
	uint64_t len; /* of the payload */
	unsigned char mask[4];
	size_t head_len;
};

/*
 * Reads a client's frame head. Returns 1 and ret_frame, 0 when more bytes are needed, or -EPROTO:
 * not masked, reserved bits or opcodes, a length not in its shortest form, a long or split control
 * frame. Pure.
 */
int websocket_frame_read(const unsigned char *data, size_t len, struct websocket_frame *ret_frame);

/* Writes a server's head (final, not masked). Returns its length. Pure. */
size_t websocket_frame_write(unsigned char head[WEBSOCKET_HEAD_MAX], enum websocket_opcode opcode,
			     size_t len);

struct websocket {
	int fd; /* borrowed */
	size_t message_max;
	pthread_mutex_t send_lock;
	int broken; /* under send_lock: nothing can be sent any more */

	/* Only the receiving thread touches what follows. */
	unsigned char in[WEBSOCKET_IN_SIZE];
	size_t in_used;
	int in_frame; /* frame is valid and frame_at bytes of its payload are in */
	struct websocket_frame frame;
	uint64_t frame_at;
	int in_message; /* a text message is under way */
	char *message;	/* owned */
	size_t message_len, message_room;
	unsigned char control[WEBSOCKET_CONTROL_MAX];
};

/* Bounds what the kernel holds of what was sent (http_send.h). */
void websocket_init(struct websocket *socket, int fd, size_t message_max);
void websocket_fini(struct websocket *socket);

/*
 * Waits until deadline_usec (CLOCK_MONOTONIC) for a text message. Returns 1 and ret_text, new and
 * NUL-terminated; 0 when there was none in time; -ECONNRESET when the peer has closed or is gone,
 * and for what ends the connection: -EPROTO, -EMSGSIZE, -EOPNOTSUPP (a binary message), -ENOMEM.
 */
int websocket_receive(struct websocket *socket, uint64_t deadline_usec, char **ret_text,
		      size_t *ret_len);

/*
 * Sends a text message. A peer that does not read is given some seconds, then the connection is
 * cut. Returns 0 or -EPIPE.
 */
int websocket_send_text(struct websocket *socket, const char *text, size_t len);

/* Sends the closing frame; nothing is sent after it. */
void websocket_close(struct websocket *socket, enum websocket_status status);

/* Likewise, with any status and a reason of at most WEBSOCKET_REASON_MAX bytes of UTF-8. */
void websocket_close_saying(struct websocket *socket, unsigned status, const char *reason);

/* What to close with after this failure of websocket_receive(); 0: the server ends by itself. Pure.
 */
enum websocket_status websocket_status_of(int error);

/*
 * After a closing frame: takes what still comes until the peer has closed, too. Closed with bytes
 * unread the connection would be reset, and the peer might never see its end.
 */
void websocket_wait_for_close(struct websocket *socket, uint64_t deadline_usec);

#endif
