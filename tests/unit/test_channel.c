#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "ipc/channel.h"

struct pair {
	int front_fd, supervisor_fd;
	unsigned fds_before; /* fds open before the test's own */
};

static unsigned fds_count(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static int pair_open(void **state)
{
	static struct pair pair;
	int ends[2];

	pair.fds_before = fds_count();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return -1;
	pair.front_fd = ends[0];
	pair.supervisor_fd = ends[1];
	*state = &pair;
	return 0;
}

/* Every test ends here: not one fd may be left over. */
static int pair_close(void **state)
{
	struct pair *pair = *state;

	fd_close(pair->front_fd);
	fd_close(pair->supervisor_fd);
	return fds_count() == pair->fds_before ? 0 : -1;
}

static struct ipc_message kill_message(void)
{
	return (struct ipc_message){.type = IPC_STEP_KILL,
				    .step_kill = {.step_id = 7, .outcome = OUTCOME_KILLED}};
}

static struct ipc_message start_message(void)
{
	return (struct ipc_message){.type = IPC_STEP_START,
				    .step_start = {.step_id = 8,
						   .generation = 1,
						   .kind = STEP_RUN,
						   .limits = limits_default_run()}};
}

static int receive(const struct pair *pair, enum ipc_state at, struct ipc_message *message,
		   int *fds, struct error *err)
{
	return channel_receive(pair->supervisor_fd, IPC_FRONT, at, message, fds, err);
}

static void channel_receive_without_fds_gives_the_message(void **state)
{
	struct pair *pair = *state;
	struct ipc_message sent = kill_message(), got;
	int fds[IPC_FDS_MAX];

	assert_int_equal(channel_send(pair->front_fd, &sent, NULL), 0);
	assert_int_equal(receive(pair, IPC_SERVING, &got, fds, NULL), 1);
	assert_int_equal(got.type, IPC_STEP_KILL);
	assert_int_equal(got.step_kill.step_id, 7);
	for (int i = 0; i < IPC_FDS_MAX; i++)
		assert_int_equal(fds[i], -EBADF);
}

static void channel_receive_with_fds_gives_them_in_order(void **state)
{
	struct pair *pair = *state;
	struct ipc_message sent = start_message(), got;
	int out[IPC_FDS_MAX], in[IPC_FDS_MAX];

	for (int i = 0; i < IPC_FDS_MAX; i++) {
		char digit = (char)('0' + i);
		out[i] = memfd_new_sealed("fd", &digit, 1);
	}
	assert_int_equal(channel_send(pair->front_fd, &sent, out), 0);
	assert_int_equal(receive(pair, IPC_SERVING, &got, in, NULL), 1);
	for (int i = 0; i < IPC_FDS_MAX; i++) {
		char digit = 0;
		assert_int_equal(pread(in[i], &digit, 1, 0), 1);
		assert_int_equal(digit, '0' + i);
		assert_true(fcntl(in[i], F_GETFD) & FD_CLOEXEC);
		fd_close(in[i]);
		fd_close(out[i]);
	}
}

static void channel_receive_keeps_packets_apart(void **state)
{
	struct pair *pair = *state;
	struct ipc_message sent = kill_message(), got;
	int fds[IPC_FDS_MAX];

	for (uint64_t i = 1; i <= 5; i++) {
		sent.step_kill.step_id = i;
		assert_int_equal(channel_send(pair->front_fd, &sent, NULL), 0);
	}
	for (uint64_t i = 1; i <= 5; i++) {
		assert_int_equal(receive(pair, IPC_SERVING, &got, fds, NULL), 1);
		assert_int_equal(got.step_kill.step_id, i);
	}
}

static void channel_receive_from_a_closed_peer_is_the_end(void **state)
{
	struct pair *pair = *state;
	struct ipc_message got;
	int fds[IPC_FDS_MAX];

	pair->front_fd = fd_close(pair->front_fd);
	assert_int_equal(receive(pair, IPC_SERVING, &got, fds, NULL), 0);
}

static void channel_receive_of_nothing_yet_is_eagain(void **state)
{
	struct pair *pair = *state;
	struct ipc_message got;
	int fds[IPC_FDS_MAX];

	assert_int_equal(fd_set_nonblock(pair->supervisor_fd, 1), 0);
	assert_int_equal(receive(pair, IPC_SERVING, &got, fds, NULL), -EAGAIN);
}

static void channel_send_to_a_closed_peer_is_epipe(void **state)
{
	struct pair *pair = *state;
	struct ipc_message sent = kill_message();

	pair->supervisor_fd = fd_close(pair->supervisor_fd);
	assert_int_equal(channel_send(pair->front_fd, &sent, NULL), -EPIPE);
}

static void channel_receive_at_the_wrong_time_refuses_and_closes_the_fds(void **state)
{
	struct pair *pair = *state;
	struct ipc_message sent = start_message(), got;
	struct error err = {0};
	int in[IPC_FDS_MAX], out[IPC_FDS_MAX] = {0, 0, 0, 0, 0};

	assert_int_equal(channel_send(pair->front_fd, &sent, out), 0);
	assert_int_equal(receive(pair, IPC_STARTING, &got, in, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "STEP_START"));
}

/* Sends raw bytes with `count` copies of fd 0: what a compromised peer could. */
static void send_raw(int fd, const void *bytes, size_t len, unsigned count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * 32)];
	} control = {0};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

	if (count > 0) {
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		struct cmsghdr *head = CMSG_FIRSTHDR(&msg);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int) * count);
		memset(CMSG_DATA(head), 0, sizeof(int) * count);
	}
	assert_true(sendmsg(fd, &msg, MSG_NOSIGNAL) >= 0);
}

static void channel_receive_with_any_wrong_number_of_fds_refuses(void **state)
{
	struct pair *pair = *state;
	struct ipc_message sent = start_message(), got;
	unsigned char packet[IPC_PACKET_MAX];
	size_t len = ipc_encode(&sent, packet);
	int fds[IPC_FDS_MAX];

	for (unsigned count = 0; count <= 32; count++) {
		if (count == ipc_type_fds(IPC_STEP_START))
			continue;
		send_raw(pair->front_fd, packet, len, count);
		assert_int_equal(receive(pair, IPC_SERVING, &got, fds, NULL), -EBADMSG);
	}
}

static void channel_receive_of_a_packet_too_long_refuses(void **state)
{
	struct pair *pair = *state;
	struct ipc_message got;
	unsigned char packet[IPC_PACKET_MAX + 1] = {0};
	int fds[IPC_FDS_MAX];

	send_raw(pair->front_fd, packet, sizeof(packet), 0);
	assert_int_equal(receive(pair, IPC_SERVING, &got, fds, NULL), -EBADMSG);
	send_raw(pair->front_fd, packet, sizeof(packet), 3);
	assert_int_equal(receive(pair, IPC_SERVING, &got, fds, NULL), -EBADMSG);
}

static void channel_receive_of_an_empty_packet_is_no_message(void **state)
{
	struct pair *pair = *state;
	struct ipc_message got;
	int fds[IPC_FDS_MAX];

	send_raw(pair->front_fd, "", 0, 0);
	assert_true(receive(pair, IPC_SERVING, &got, fds, NULL) <= 0);
	send_raw(pair->front_fd, "", 0, 2);
	assert_int_equal(receive(pair, IPC_SERVING, &got, fds, NULL), -EBADMSG);
}

#define CHANNEL_TEST(f) cmocka_unit_test_setup_teardown(f, pair_open, pair_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHANNEL_TEST(channel_receive_without_fds_gives_the_message),
		CHANNEL_TEST(channel_receive_with_fds_gives_them_in_order),
		CHANNEL_TEST(channel_receive_keeps_packets_apart),
		CHANNEL_TEST(channel_receive_from_a_closed_peer_is_the_end),
		CHANNEL_TEST(channel_receive_of_nothing_yet_is_eagain),
		CHANNEL_TEST(channel_send_to_a_closed_peer_is_epipe),
		CHANNEL_TEST(channel_receive_at_the_wrong_time_refuses_and_closes_the_fds),
		CHANNEL_TEST(channel_receive_with_any_wrong_number_of_fds_refuses),
		CHANNEL_TEST(channel_receive_of_a_packet_too_long_refuses),
		CHANNEL_TEST(channel_receive_of_an_empty_packet_is_no_message),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
