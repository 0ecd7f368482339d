#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "front/http_websocket.h"

static int frame(const void *data, size_t len)
{
	struct websocket_frame ret;

	return websocket_frame_read(data, len, &ret);
}

static void websocket_frame_read_short_needs_more(void **state)
{
	static const unsigned char text[] = {0x81, 0x82, 1, 2, 3, 4};
	static const unsigned char long_text[] = {0x81, 0xff, 0, 0, 0, 0, 0, 1, 0, 0, 9, 9, 9, 9};

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++)
		assert_int_equal(frame(text, n), 0);
	assert_int_equal(frame(text, sizeof(text)), 1);
	for (size_t n = 0; n < sizeof(long_text); n++)
		assert_int_equal(frame(long_text, n), 0);
	assert_int_equal(frame(long_text, sizeof(long_text)), 1);
}

static void websocket_frame_read_violations_are_refused(void **state)
{
	(void)state;
	assert_int_equal(frame("\x81\x02", 2), -EPROTO);	   /* not masked */
	assert_int_equal(frame("\xc1\x82", 2), -EPROTO);	   /* reserved bit */
	assert_int_equal(frame("\x83\x82", 2), -EPROTO);	   /* reserved opcode */
	assert_int_equal(frame("\x8b\x82", 2), -EPROTO);	   /* reserved opcode */
	assert_int_equal(frame("\x09\x80", 2), -EPROTO);	   /* a ping in parts */
	assert_int_equal(frame("\x89\xfe", 2), -EPROTO);	   /* a long ping */
	assert_int_equal(frame("\x81\xfe\0\x7d----", 8), -EPROTO); /* 125 in the longer form */
	assert_int_equal(frame("\x81\xff\0\0\0\0\0\0\xff\xff----", 14), -EPROTO);
	assert_int_equal(frame("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff----", 14), -EPROTO);
}

static void websocket_frame_write_lengths_take_the_shortest_form(void **state)
{
	unsigned char head[WEBSOCKET_HEAD_MAX];

	(void)state;
	assert_int_equal(websocket_frame_write(head, WEBSOCKET_TEXT, 125), 2);
	assert_memory_equal(head, "\x81\x7d", 2);
	assert_int_equal(websocket_frame_write(head, WEBSOCKET_TEXT, 126), 4);
	assert_memory_equal(head, "\x81\x7e\0\x7e", 4);
	assert_int_equal(websocket_frame_write(head, WEBSOCKET_CLOSE, 65536), 10);
	assert_memory_equal(head, "\x88\x7f\0\0\0\0\0\1\0\0", 10);
}

/* A session over a socket pair. */
struct peer {
	struct websocket socket;
	int fds[2];
};

static void peer_open(struct peer *peer, size_t message_max)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, peer->fds), 0);
	websocket_init(&peer->socket, peer->fds[0], message_max);
}

static void peer_close(struct peer *peer)
{
	websocket_fini(&peer->socket);
	close(peer->fds[0]);
	close(peer->fds[1]);
}

/* Sends a masked frame of at most 65535 bytes. */
static void put(struct peer *peer, unsigned char first, const char *data, size_t len)
{
	unsigned char head[8] = {first, (unsigned char)(0x80 | len)};
	size_t head_len = 2;
	char masked[70000];

	if (len > 125) {
		head[1] = 0x80 | 126;
		head[2] = (unsigned char)(len >> 8);
		head[3] = (unsigned char)len;
		head_len = 4;
	}
	memcpy(head + head_len, "abcd", 4);
	for (size_t i = 0; i < len; i++)
		masked[i] = (char)(data[i] ^ "abcd"[i & 3]);
	assert_int_equal(write(peer->fds[1], head, head_len + 4), head_len + 4);
	assert_int_equal(write(peer->fds[1], masked, len), len);
}

static int take(struct peer *peer, char **text, size_t *len)
{
	return websocket_receive(&peer->socket, clock_monotonic_usec() + 50000, text, len);
}

static void websocket_receive_parts_and_pings_make_one_message(void **state)
{
	struct peer peer;
	char *text, answer[16];
	size_t len;

	(void)state;
	peer_open(&peer, 100);
	assert_int_equal(take(&peer, &text, &len), 0);
	put(&peer, 0x01, "hel", 3);
	put(&peer, 0x89, "p!", 2);
	put(&peer, 0x00, "", 0);
	put(&peer, 0x80, "lo", 2);
	put(&peer, 0x81, "", 0);
	assert_int_equal(take(&peer, &text, &len), 1);
	assert_string_equal(text, "hello");
	assert_int_equal(len, 5);
	free(text);
	assert_int_equal(take(&peer, &text, &len), 1);
	assert_string_equal(text, "");
	free(text);
	assert_int_equal(read(peer.fds[1], answer, sizeof(answer)), 4);
	assert_memory_equal(answer, "\x8a\x02p!", 4);
	peer_close(&peer);
}

static void receive_fails(unsigned char first, const char *data, size_t len, int code)
{
	struct peer peer;
	char *text;
	size_t text_len;

	peer_open(&peer, 100);
	put(&peer, first, data, len);
	assert_int_equal(take(&peer, &text, &text_len), code);
	peer_close(&peer);
}

static void websocket_receive_bad_messages_end_it(void **state)
{
	static const char large[101];

	(void)state;
	receive_fails(0x82, "x", 1, -EOPNOTSUPP);
	receive_fails(0x80, "x", 1, -EPROTO);
	receive_fails(0x81, large, sizeof(large), -EMSGSIZE);
	receive_fails(0x88, "\x03\xe8", 2, -ECONNRESET);
}

static void websocket_receive_parts_count_together(void **state)
{
	static const char part[60];
	struct peer peer;
	char *text;
	size_t len;

	(void)state;
	peer_open(&peer, 100);
	put(&peer, 0x01, part, sizeof(part));
	put(&peer, 0x80, part, sizeof(part));
	assert_int_equal(take(&peer, &text, &len), -EMSGSIZE);
	peer_close(&peer);
}

static void websocket_receive_byte_by_byte_is_the_same(void **state)
{
	static const unsigned char bytes[] = {0x81, 0x83, 0, 0, 0, 0, 'a', 'b', 'c'};
	struct peer peer;
	char *text;
	size_t len;

	(void)state;
	peer_open(&peer, 100);
	for (size_t i = 0; i < sizeof(bytes); i++) {
		assert_int_equal(websocket_receive(&peer.socket, 0, &text, &len), 0);
		assert_int_equal(write(peer.fds[1], &bytes[i], 1), 1);
	}
	assert_int_equal(take(&peer, &text, &len), 1);
	assert_string_equal(text, "abc");
	free(text);
	peer_close(&peer);
}

static void websocket_receive_random_bytes_do_no_harm(void **state)
{
	uint64_t random = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		unsigned char bytes[64];
		struct peer peer;
		char *text;
		size_t len, n = 1 + unit_random_below(&random, sizeof(bytes));
		peer_open(&peer, 40);
		for (size_t i = 0; i < n; i++)
			bytes[i] = (unsigned char)unit_random(&random);
		/* Mostly what a client may send, so that more than the first check is reached. */
		bytes[0] = (unsigned char)"\x81\x01\x80\x89\x8a\x88"[unit_random_below(&random, 6)];
		if (n > 1)
			bytes[1] = (unsigned char)(0x80 | unit_random_below(&random, 50));
		assert_int_equal(write(peer.fds[1], bytes, n), n);
		shutdown(peer.fds[1], SHUT_WR);
		while (websocket_receive(&peer.socket, 0, &text, &len) == 1) {
			assert_true(len <= 40);
			free(text);
		}
		peer_close(&peer);
	}
}

static void websocket_send_text_after_close_is_refused(void **state)
{
	struct peer peer;
	char answer[16];

	(void)state;
	peer_open(&peer, 100);
	assert_int_equal(websocket_send_text(&peer.socket, "hi", 2), 0);
	websocket_close(&peer.socket, WEBSOCKET_STATUS_NORMAL);
	assert_int_equal(websocket_send_text(&peer.socket, "hi", 2), -EPIPE);
	assert_int_equal(read(peer.fds[1], answer, sizeof(answer)), 8);
	assert_memory_equal(answer, "\x81\x02hi\x88\x02\x03\xe8", 8);
	peer_close(&peer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(websocket_frame_read_short_needs_more),
		cmocka_unit_test(websocket_frame_read_violations_are_refused),
		cmocka_unit_test(websocket_frame_write_lengths_take_the_shortest_form),
		cmocka_unit_test(websocket_receive_parts_and_pings_make_one_message),
		cmocka_unit_test(websocket_receive_bad_messages_end_it),
		cmocka_unit_test(websocket_receive_parts_count_together),
		cmocka_unit_test(websocket_receive_byte_by_byte_is_the_same),
		cmocka_unit_test(websocket_receive_random_bytes_do_no_harm),
		cmocka_unit_test(websocket_send_text_after_close_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
