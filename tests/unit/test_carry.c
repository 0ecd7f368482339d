#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bundle.h"
#include "base/fd.h"
#include "front/carry.h"

enum { STATE = 64 << 10, MAX = 4 << 20 };

static const uint8_t fit[SHA256_BYTES] = {1}, other_fit[SHA256_BYTES] = {2};

static const struct step_result well = {.outcome = OUTCOME_EXITED, .kept = 1};

static struct carry_id id_of(unsigned number)
{
	struct carry_id id = {{0}};

	memcpy(id.bytes, &number, sizeof(number));
	return id;
}

static int lend(struct carry *carry, unsigned number, const uint8_t *what, struct carry_loan *loan)
{
	struct carry_id id = id_of(number);

	return carry_lend(carry, &id, what, loan);
}

static void give_back(struct carry *carry, unsigned number, struct carry_loan *loan,
		      const struct step_result *result)
{
	struct carry_id id = id_of(number);

	carry_return(carry, &id, loan, result);
	assert_true(loan->fd < 0);
}

/* A session whose compile took long. */
static void begin(struct carry *carry, unsigned number)
{
	struct carry_id id = id_of(number);

	carry_note(carry, &id, CARRY_WORTH_USEC);
}

/* What a cell does with the memfd. */
static void fill(const struct carry_loan *loan, size_t len)
{
	_cleanup_free_ char *bytes = calloc(1, len);

	assert_non_null(bytes);
	assert_int_equal(memfd_is_fixed(loan->fd, CARRY_BYTES_MAX), 1);
	assert_int_equal(pwrite(loan->fd, bytes, len, 0), len);
}

static void keep(struct carry *carry, unsigned number, size_t len)
{
	struct carry_loan loan;

	begin(carry, number);
	assert_int_equal(lend(carry, number, fit, &loan), 0);
	fill(&loan, len);
	give_back(carry, number, &loan, &well);
}

static int has(struct carry *carry, unsigned number)
{
	struct carry_loan loan;

	if (lend(carry, number, fit, &loan) < 0)
		return 0;
	int has_state = loan.has_state;
	give_back(carry, number, &loan, &(struct step_result){.outcome = OUTCOME_KILLED});
	return has_state;
}

static void carry_lend_to_a_first_or_a_quick_compile_refuses(void **state)
{
	struct carry_id id = id_of(1);
	struct carry_loan loan;
	struct carry carry;

	(void)state;
	carry_init(&carry, MAX);
	assert_int_equal(lend(&carry, 1, fit, &loan), -ENODATA);
	carry_note(&carry, &id, CARRY_WORTH_USEC - 1);
	assert_int_equal(lend(&carry, 1, fit, &loan), -ENODATA);
	carry_note(&carry, &id, CARRY_WORTH_USEC);
	assert_int_equal(lend(&carry, 1, fit, &loan), 0);
	assert_false(loan.has_state);
	give_back(&carry, 1, &loan, NULL);
	carry_clear(&carry);
}

static void carry_lend_gives_the_session_what_it_left_and_no_other(void **state)
{
	struct carry carry;

	(void)state;
	carry_init(&carry, MAX);
	keep(&carry, 1, STATE);
	begin(&carry, 2);
	assert_false(has(&carry, 2));
	assert_true(has(&carry, 1));
	assert_int_equal(carry.states, 1);
	assert_int_equal(carry.kept, 1);
	assert_int_equal(carry.given, 1);
	carry_clear(&carry);
	assert_int_equal(carry.bytes, 0);
	assert_int_equal(carry.states, 0);
	assert_false(has(&carry, 1));
}

static void carry_lend_of_what_does_not_fit_begins_anew(void **state)
{
	struct carry_loan loan;
	struct carry carry;

	(void)state;
	carry_init(&carry, MAX);
	keep(&carry, 1, STATE);
	assert_int_equal(lend(&carry, 1, other_fit, &loan), 0);
	assert_false(loan.has_state);
	assert_int_equal(carry.dropped, 1);
	give_back(&carry, 1, &loan, NULL);
	assert_int_equal(carry.bytes, 0);
	carry_clear(&carry);
}

static void carry_lend_while_another_has_it_refuses(void **state)
{
	struct carry_loan loan, second;
	struct carry carry;

	(void)state;
	carry_init(&carry, MAX);
	keep(&carry, 1, STATE);
	assert_int_equal(lend(&carry, 1, fit, &loan), 0);
	assert_int_equal(lend(&carry, 1, fit, &second), -ENODATA);
	give_back(&carry, 1, &loan, &well);
	assert_true(has(&carry, 1));
	carry_clear(&carry);
}

static void carry_return_keeps_what_is_not_to_blame(void **state)
{
	static const struct {
		struct step_result result;
		int stays;
	} rows[] = {
		{{.outcome = OUTCOME_EXITED, .exit_code = 0, .kept = 1}, 1},
		{{.outcome = OUTCOME_EXITED, .exit_code = 0, .kept = 0}, 0},
		{{.outcome = OUTCOME_EXITED, .exit_code = 1}, 1},
		{{.outcome = OUTCOME_EXITED, .exit_code = 101}, 0},
		{{.outcome = OUTCOME_SIGNALED, .signal = 11}, 0},
		{{.outcome = OUTCOME_KILLED}, 1},
		{{.outcome = OUTCOME_OUTPUT_LIMIT}, 1},
		{{.outcome = OUTCOME_CPU_TIMEOUT}, 0},
		{{.outcome = OUTCOME_OUT_OF_MEMORY}, 0},
	};
	struct carry_loan loan;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct carry carry;
		carry_init(&carry, MAX);
		keep(&carry, 1, STATE);
		assert_int_equal(lend(&carry, 1, fit, &loan), 0);
		assert_true(loan.has_state);
		give_back(&carry, 1, &loan, &rows[i].result);
		assert_int_equal(has(&carry, 1), rows[i].stays);
		assert_int_equal(carry.dropped, !rows[i].stays);
		carry_clear(&carry);
	}
}

static void carry_return_beyond_bytes_drops_the_least_recently_used(void **state)
{
	struct carry carry;

	(void)state;
	carry_init(&carry, 2 * STATE + STATE / 2);
	keep(&carry, 1, STATE);
	keep(&carry, 2, STATE);
	assert_true(has(&carry, 1)); /* 2 is the oldest now */
	keep(&carry, 3, STATE);
	assert_true(has(&carry, 1));
	assert_false(has(&carry, 2));
	assert_true(has(&carry, 3));
	assert_true(carry.bytes <= carry.bytes_max);
	assert_int_equal(carry.dropped, 1);
	keep(&carry, 4, 3 * STATE); /* more than all may be */
	assert_false(has(&carry, 4));
	assert_true(carry.bytes <= carry.bytes_max);
	carry_clear(&carry);
	assert_int_equal(carry.bytes, 0);
}

static void carry_return_after_everything_was_forgotten_keeps_nothing(void **state)
{
	struct carry_loan old, new;
	struct carry carry;

	(void)state;
	carry_init(&carry, MAX);
	keep(&carry, 1, STATE);
	assert_int_equal(lend(&carry, 1, fit, &old), 0);
	carry_clear(&carry);
	begin(&carry, 1);
	assert_int_equal(lend(&carry, 1, fit, &new), 0);
	assert_false(new.has_state);
	give_back(&carry, 1, &old, &well);
	assert_int_equal(carry.states, 0);
	fill(&new, STATE);
	give_back(&carry, 1, &new, &well);
	assert_int_equal(carry.states, 1);
	carry_clear(&carry);
}

static void carry_note_bounds_the_number(void **state)
{
	struct carry carry;

	(void)state;
	carry_init(&carry, MAX);
	for (unsigned i = 0; i <= CARRY_ENTRIES; i++)
		begin(&carry, i);
	assert_int_equal(carry.count, CARRY_ENTRIES);
	carry_clear(&carry);
}

static void carry_of_no_bytes_lends_nothing(void **state)
{
	struct carry_loan loan;
	struct carry carry;

	(void)state;
	carry_init(&carry, 0);
	begin(&carry, 1);
	assert_int_equal(lend(&carry, 1, fit, &loan), -ENODATA);
	assert_int_equal(carry.count, 0);
	carry_clear(&carry);
}

static void carry_find_compile_finds_the_sessions_last(void **state)
{
	const struct compile_key key = {{1}}, next = {{2}};
	struct compile_entry *compile = compile_entry_new(&key), *later = compile_entry_new(&next);
	struct carry_id id = id_of(1), other = id_of(2);
	struct carry carry;

	(void)state;
	carry_init(&carry, MAX);
	keep(&carry, 1, STATE);
	keep(&carry, 2, STATE);
	carry_put_compile(&carry, &id, compile);
	assert_ptr_equal(carry_find_compile(&carry, &id, &key), compile);
	assert_null(carry_find_compile(&carry, &id, &next));
	assert_null(carry_find_compile(&carry, &other, &key));
	carry_put_compile(&carry, &id, later);
	assert_null(carry_find_compile(&carry, &id, &key));
	compile_entry_unref(compile);
	compile_entry_unref(later);
	carry_clear(&carry);
}

static void carry_session_is_valid_takes_what_can_be_a_secret(void **state)
{
	char name[CARRY_SESSION_MAX + 2] = "", made[CARRY_SESSION_MAX + 1];

	(void)state;
	memset(name, 'a', sizeof(name) - 1);
	assert_false(carry_session_is_valid(name));
	name[CARRY_SESSION_MAX] = '\0';
	assert_true(carry_session_is_valid(name));
	name[CARRY_SESSION_MIN] = '\0';
	assert_true(carry_session_is_valid(name));
	name[0] = '.';
	assert_false(carry_session_is_valid(name));
	assert_false(carry_session_is_valid("0123456789abcde"));
	assert_int_equal(carry_session_make(made), 0);
	assert_true(carry_session_is_valid(made));
}

static void carry_id_make_parts_session_from_language(void **state)
{
	struct carry_id one, other;

	(void)state;
	carry_id_make("0123456789abcdef", "rust", &one);
	carry_id_make("0123456789abcdefr", "ust", &other);
	assert_memory_not_equal(&one, &other, sizeof(one));
	carry_id_make("0123456789abcdef", "rust", &other);
	assert_memory_equal(&one, &other, sizeof(one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carry_lend_to_a_first_or_a_quick_compile_refuses),
		cmocka_unit_test(carry_lend_gives_the_session_what_it_left_and_no_other),
		cmocka_unit_test(carry_lend_of_what_does_not_fit_begins_anew),
		cmocka_unit_test(carry_lend_while_another_has_it_refuses),
		cmocka_unit_test(carry_return_keeps_what_is_not_to_blame),
		cmocka_unit_test(carry_return_beyond_bytes_drops_the_least_recently_used),
		cmocka_unit_test(carry_return_after_everything_was_forgotten_keeps_nothing),
		cmocka_unit_test(carry_note_bounds_the_number),
		cmocka_unit_test(carry_of_no_bytes_lends_nothing),
		cmocka_unit_test(carry_find_compile_finds_the_sessions_last),
		cmocka_unit_test(carry_session_is_valid_takes_what_can_be_a_secret),
		cmocka_unit_test(carry_id_make_parts_session_from_language),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
