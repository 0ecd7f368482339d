#include "image/verify_filter.h"

#include <assert.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#else
/* cppcheck-suppress preprocessorErrorDirective */
#error "the architecture is not known to the filter of sandlot-verify"
#endif
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "an argument's low half comes first");

/* A call that is allowed: always (mask 0), or when the low half of an argument fits. */
struct row {
	uint32_t number;
	uint32_t arg, mask, value;
};

static const struct row rows[] = {
	/* the image and the keys, below the fds that were handed in */
	{SYS_openat2, 0, 0, 0},
	{SYS_openat, 0, 0, 0},
	{SYS_getdents64, 0, 0, 0},
	{SYS_fstat, 0, 0, 0},
	{SYS_newfstatat, 0, 0, 0},
	{SYS_readlinkat, 0, 0, 0},
	{SYS_read, 0, 0, 0},
	{SYS_pread64, 0, 0, 0},
	{SYS_lseek, 0, 0, 0},
	{SYS_close, 0, 0, 0},
	{SYS_fcntl, 0, 0, 0}, /* fdopendir(3) asks how an fd was opened */
	/* the verdict; an error's line */
	{SYS_write, 0, 0, 0},
	{SYS_writev, 0, 0, 0},
	/* memory, never code */
	{SYS_brk, 0, 0, 0},
	{SYS_munmap, 0, 0, 0},
	{SYS_mremap, 0, 0, 0},
	{SYS_madvise, 0, 0, 0},
#ifndef __SANITIZE_ADDRESS__
	{SYS_mmap, 2, PROT_EXEC, 0},
	{SYS_mprotect, 2, PROT_EXEC, 0},
#else
	/* AddressSanitizer's own: shadow memory, reports, its look at the address space */
	{SYS_mmap, 0, 0, 0},
	{SYS_mprotect, 0, 0, 0},
	{SYS_ioctl, 0, 0, 0},
	{SYS_prctl, 0, 0, 0},
	{SYS_readlink, 0, 0, 0},
	{SYS_sigaltstack, 0, 0, 0},
	{SYS_rt_sigreturn, 0, 0, 0},
	{SYS_sched_yield, 0, 0, 0},
#endif
	/* locks of OpenSSL, which has no second thread to wait for; randomness of malloc(3) */
	{SYS_futex, 0, 0, 0},
	{SYS_getrandom, 0, 0, 0},
	/* the time, where the kernel does not map it */
	{SYS_clock_gettime, 0, 0, 0},
	/* the end: exit(3), abort(3); tgkill to ourselves is added below */
	{SYS_rt_sigprocmask, 0, 0, 0},
	{SYS_rt_sigaction, 0, 0, 0},
	{SYS_getpid, 0, 0, 0},
	{SYS_gettid, 0, 0, 0},
	{SYS_exit_group, 0, 0, 0},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]), HEAD = 7, PER_ROW = 6 };

struct program {
	struct sock_filter code[HEAD + PER_ROW * (ROWS + 1) + 1];
	unsigned short used;
};

#define DATA(field) ((uint32_t)offsetof(struct seccomp_data, field))
#define DENY ((uint32_t)(SECCOMP_RET_ERRNO | EPERM))

static void add(struct program *program, unsigned code, uint32_t k, unsigned on_true,
		unsigned on_false)
{
	assert(program->used < sizeof(program->code) / sizeof(program->code[0]));
	program->code[program->used++] = (struct sock_filter){
		.code = (uint16_t)code, .jt = (uint8_t)on_true, .jf = (uint8_t)on_false, .k = k};
}

static void add_row(struct program *program, const struct row *row)
{
	if (row->mask == 0) {
		add(program, BPF_JMP | BPF_JEQ | BPF_K, row->number, 0, 1);
		add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
		return;
	}
	add(program, BPF_JMP | BPF_JEQ | BPF_K, row->number, 0, 5);
	add(program, BPF_LD | BPF_W | BPF_ABS, DATA(args) + row->arg * (uint32_t)sizeof(uint64_t),
	    0, 0);
	add(program, BPF_ALU | BPF_AND | BPF_K, row->mask, 0, 0);
	add(program, BPF_JMP | BPF_JEQ | BPF_K, row->value, 0, 1);
	add(program, BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	add(program, BPF_RET | BPF_K, DENY, 0, 0);
}

int verify_filter_enter(struct error *err)
{
	const struct row to_ourselves = {SYS_tgkill, 0, UINT32_MAX, (uint32_t)getpid()};
	struct program program = {.used = 0};

	add(&program, BPF_LD | BPF_W | BPF_ABS, DATA(arch), 0, 0);
	add(&program, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	add(&program, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	add(&program, BPF_LD | BPF_W | BPF_ABS, DATA(nr), 0, 0);
	/* x32's numbers, and -1: none of the rows' has this bit or one above it. */
	add(&program, BPF_JMP | BPF_JGE | BPF_K, UINT32_C(0x40000000), 0, 1);
	add(&program, BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS, 0, 0);
	for (size_t i = 0; i < ROWS; i++)
		add_row(&program, &rows[i]);
	add_row(&program, &to_ourselves);
	add(&program, BPF_RET | BPF_K, DENY, 0, 0);

	const struct sock_fprog filter = {.len = program.used, .filter = program.code};
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) < 0)
		return error_set(err, -errno, "seccomp", "cannot load the filter");
	return 0;
}
