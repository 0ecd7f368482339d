#include "front/http_websocket.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "front/http_send.h"

static int opcode_is_known(unsigned opcode)
{
	return opcode <= WEBSOCKET_BINARY ||
	       (opcode >= WEBSOCKET_CLOSE && opcode <= WEBSOCKET_PONG);
}

/* Reads count bytes, most significant first. */
static uint64_t read_number(const unsigned char *data, size_t count)
{
	uint64_t number = 0;

	for (size_t i = 0; i < count; i++)
		number = number << 8 | data[i];
	return number;
}

int websocket_frame_read(const unsigned char *data, size_t len, struct websocket_frame *ret_frame)
{
	struct websocket_frame frame;
	size_t extended;

	if (len < 2)
		return 0;
	frame.final = (data[0] & 0x80) != 0;
	frame.opcode = data[0] & 0x0f;
	if ((data[0] & 0x70) || !opcode_is_known(frame.opcode) || !(data[1] & 0x80))
		return -EPROTO;
	frame.len = data[1] & 0x7f;
	extended = frame.len == 126 ? 2 : frame.len == 127 ? 8 : 0;
	if (frame.opcode >= WEBSOCKET_CLOSE && (!frame.final || extended))
		return -EPROTO;
	frame.head_len = 2 + extended + 4;
	if (len < frame.head_len)
		return 0;
	if (extended)
		frame.len = read_number(data + 2, extended);
	if ((extended == 2 && frame.len < 126) ||
	    (extended == 8 && (frame.len <= UINT16_MAX || frame.len > INT64_MAX)))
		return -EPROTO;
	memcpy(frame.mask, data + 2 + extended, 4);
	*ret_frame = frame;
	return 1;
}

size_t websocket_frame_write(unsigned char head[WEBSOCKET_HEAD_MAX], enum websocket_opcode opcode,
			     size_t len)
{
	size_t bytes = len < 126 ? 0 : len <= UINT16_MAX ? 2 : 8;

	head[0] = (unsigned char)(0x80 | opcode);
	head[1] = (unsigned char)(bytes == 0 ? len : bytes == 2 ? 126 : 127);
	for (size_t i = 0; i < bytes; i++)
		head[2 + i] = (unsigned char)((uint64_t)len >> (8 * (bytes - 1 - i)));
	return 2 + bytes;
}

void websocket_init(struct websocket *socket, int fd, size_t message_max)
{
	memset(socket, 0, sizeof(*socket));
	socket->fd = fd;
	socket->message_max = message_max;
	http_send_bound(fd);
	pthread_mutex_init(&socket->send_lock, NULL);
}

void websocket_fini(struct websocket *socket)
{
	free(TAKE_PTR(socket->message));
	pthread_mutex_destroy(&socket->send_lock);
}

/* ---- sending ---- */

static int send_frame(struct websocket *socket, enum websocket_opcode opcode, const void *data,
		      size_t len)
{
	unsigned char head[WEBSOCKET_HEAD_MAX];
	struct iovec pieces[] = {
		{head, websocket_frame_write(head, opcode, len)},
		{(void *)(uintptr_t)data, len},
	};
	int r = -EPIPE;

	pthread_mutex_lock(&socket->send_lock);
	if (!socket->broken)
		r = http_send(socket->fd, pieces, 2);
	if (r < 0 && !socket->broken) {
		/* Half a frame may be out: the receiving thread has to see the end, too. */
		socket->broken = 1;
		shutdown(socket->fd, SHUT_RDWR);
	}
	if (opcode == WEBSOCKET_CLOSE)
		socket->broken = 1;
	pthread_mutex_unlock(&socket->send_lock);
	return r;
}

int websocket_send_text(struct websocket *socket, const char *text, size_t len)
{
	return send_frame(socket, WEBSOCKET_TEXT, text, len);
}

void websocket_close_saying(struct websocket *socket, unsigned status, const char *reason)
{
	char said[WEBSOCKET_CONTROL_MAX] = {(char)(status >> 8), (char)status};
	size_t len = strnlen(reason, WEBSOCKET_REASON_MAX);

	memcpy(said + 2, reason, len);
	send_frame(socket, WEBSOCKET_CLOSE, said, 2 + len);
}

void websocket_close(struct websocket *socket, enum websocket_status status)
{
	websocket_close_saying(socket, status, "");
}

enum websocket_status websocket_status_of(int error)
{
	switch (error) {
	case 0:
		return WEBSOCKET_STATUS_GOING_AWAY;
	case -EMSGSIZE:
		return WEBSOCKET_STATUS_TOO_BIG;
	case -EOPNOTSUPP:
		return WEBSOCKET_STATUS_UNSUPPORTED;
	default:
		return WEBSOCKET_STATUS_PROTOCOL_ERROR;
	}
}

/* ---- receiving ---- */

static void in_consume(struct websocket *socket, size_t count)
{
	memmove(socket->in, socket->in + count, socket->in_used - count);
	socket->in_used -= count;
}

/* A frame's head has come: does it fit what is under way? */
static int frame_begin(struct websocket *socket, const struct websocket_frame *frame)
{
	switch (frame->opcode) {
	case WEBSOCKET_BINARY:
		return -EOPNOTSUPP;
	case WEBSOCKET_TEXT:
		if (socket->in_message)
			return -EPROTO;
		socket->in_message = 1;
		socket->message_len = 0;
		break;
	case WEBSOCKET_CONTINUATION:
		if (!socket->in_message)
			return -EPROTO;
		break;
	default:
		break;
	}
	if (frame->opcode < WEBSOCKET_CLOSE &&
	    frame->len > socket->message_max - socket->message_len)
		return -EMSGSIZE;
	socket->frame = *frame;
	socket->frame_at = 0;
	socket->in_frame = 1;
	return 0;
}

/* Makes room for count more bytes of the message. Grows with what has come, not with what is
 * announced. */
static int message_reserve(struct websocket *socket, size_t count)
{
	size_t need = socket->message_len + count + 1, room = need * 2;
	char *more;

	if (need <= socket->message_room)
		return 0;
	more = realloc(socket->message, room);
	if (!more)
		return -ENOMEM;
	socket->message = more;
	socket->message_room = room;
	return 0;
}

/* Takes what is there of the frame's payload. */
static int frame_take(struct websocket *socket)
{
	const struct websocket_frame *frame = &socket->frame;
	uint64_t left = frame->len - socket->frame_at;
	size_t count = left < socket->in_used ? (size_t)left : socket->in_used;
	unsigned char *to = socket->control + socket->frame_at;

	if (frame->opcode < WEBSOCKET_CLOSE) {
		if (message_reserve(socket, count) < 0)
			return -ENOMEM;
		to = (unsigned char *)socket->message + socket->message_len;
		socket->message_len += count;
	}
	for (size_t i = 0; i < count; i++)
		to[i] = socket->in[i] ^ frame->mask[(socket->frame_at + i) & 3];
	socket->frame_at += count;
	in_consume(socket, count);
	return 0;
}

/* A frame is complete. Returns 1 when that completes a message, 0, or a negative errno. */
static int frame_end(struct websocket *socket)
{
	const struct websocket_frame *frame = &socket->frame;

	socket->in_frame = 0;
	switch (frame->opcode) {
	case WEBSOCKET_PING:
		return send_frame(socket, WEBSOCKET_PONG, socket->control, (size_t)frame->len) < 0
			       ? -ECONNRESET
			       : 0;
	case WEBSOCKET_PONG:
		return 0;
	case WEBSOCKET_CLOSE:
		/* The status is echoed; without one there is none to echo. */
		send_frame(socket, WEBSOCKET_CLOSE, socket->control, frame->len >= 2 ? 2 : 0);
		return -ECONNRESET;
	default:
		if (!frame->final)
			return 0;
		socket->in_message = 0;
		return 1;
	}
}

/* Works off what has been read. Returns 1 when a message is complete, 0, or a negative errno. */
static int in_process(struct websocket *socket)
{
	struct websocket_frame frame;
	int r;

	for (;;) {
		if (!socket->in_frame) {
			r = websocket_frame_read(socket->in, socket->in_used, &frame);
			if (r <= 0)
				return r;
			r = frame_begin(socket, &frame);
			if (r < 0)
				return r;
			in_consume(socket, frame.head_len);
		}
		r = frame_take(socket);
		if (r < 0)
			return r;
		if (socket->frame_at < socket->frame.len)
			return 0;
		r = frame_end(socket);
		if (r != 0)
			return r;
	}
}

static int message_hand_over(struct websocket *socket, char **ret_text, size_t *ret_len)
{
	if (message_reserve(socket, 0) < 0)
		return -ENOMEM;
	socket->message[socket->message_len] = '\0';
	*ret_len = socket->message_len;
	*ret_text = TAKE_PTR(socket->message);
	socket->message_len = socket->message_room = 0;
	return 1;
}

int websocket_receive(struct websocket *socket, uint64_t deadline_usec, char **ret_text,
		      size_t *ret_len)
{
	for (;;) {
		int r = in_process(socket);
		if (r == 1)
			return message_hand_over(socket, ret_text, ret_len);
		if (r < 0)
			return r;
		if (!http_wait_ready(socket->fd, POLLIN, deadline_usec))
			return 0;
		ssize_t n = recv(socket->fd, socket->in + socket->in_used,
				 sizeof(socket->in) - socket->in_used, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			return -ECONNRESET;
		if (n > 0)
			socket->in_used += (size_t)n;
	}
}

void websocket_wait_for_close(struct websocket *socket, uint64_t deadline_usec)
{
	size_t len;
	int r = 1;

	while (r > 0) {
		_cleanup_free_ char *text = NULL;
		r = websocket_receive(socket, deadline_usec, &text, &len);
	}
}
