#include "bake/vet.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "bake/confined.h"
#include "bake/vet_reply.h"
#include "base/fd.h"

void vet_tame(char *text, size_t size)
{
	text[size - 1] = '\0';
	for (; *text; text++)
		if ((unsigned char)*text < ' ' && *text != '\n')
			*text = '?';
}

static int is_flag(uint8_t value)
{
	return value <= 1;
}

/* One record of the child: every field in its range. Returns 1 or 0. */
static int state_is_sound(const struct vet_state *state)
{
	size_t len = strnlen(state->licence, sizeof(state->licence));

	if (len == sizeof(state->licence) || !is_flag(state->audited) ||
	    !is_flag(state->build_script) || !is_flag(state->proc_macro) ||
	    !is_flag(state->links) || state->criteria > (VET_RUN | VET_DEPLOY))
		return 0;
	for (size_t i = 0; i < len; i++)
		if (state->licence[i] < ' ' || state->licence[i] > '~')
			return 0;
	return 1;
}

static int damaged(struct error *err)
{
	return error_set_plain(err, -EIO, "vet",
			       "the process that reads the crates gave no answer "
			       "that can be used");
}

/* What the child found. Returns 0 when the policy accepts it. */
static int take_verdict(struct vet_reply *reply, const struct vet_request *request,
			char ret_reasons[VET_REASONS_SIZE], struct error *err)
{
	if (reply->reasons == 0)
		return 0;
	vet_tame(reply->text, sizeof(reply->text));
	memcpy(ret_reasons, reply->text, VET_REASONS_SIZE);
	return error_set_plain(err, -EACCES, "vet",
			       "%s/" VET_POLICY_FILE " does not accept the crates as they are, for "
			       "%llu reason%s",
			       request->set, (unsigned long long)reply->reasons,
			       reply->reasons == 1 ? "" : "s");
}

static int take_states(const char *data, const struct vet_request *request,
		       struct vet_result *result, struct error *err)
{
	result->states = calloc(request->lock->count + 1, sizeof(*result->states));
	if (!result->states)
		return error_set(err, -ENOMEM, "vet", "cannot vet the crates");
	result->count = request->lock->count;
	memcpy(result->states, data, result->count * sizeof(*result->states));
	for (size_t i = 0; i < result->count; i++) {
		if (!state_is_sound(&result->states[i]))
			return damaged(err);
		if (request->lock->packages[i].is_root)
			continue;
		result->audited += result->states[i].audited;
		result->exempted += !result->states[i].audited;
	}
	return 0;
}

/* bytes: what came behind the reply. */
static int take_reply(struct vet_reply *reply, const struct confined_bytes *bytes,
		      const struct vet_request *request, struct vet_result *result,
		      char ret_reasons[VET_REASONS_SIZE], struct error *err)
{
	size_t states = request->lock->count * sizeof(struct vet_state);

	int r = take_verdict(reply, request, ret_reasons, err);
	if (r < 0)
		return r;
	if (reply->count != request->lock->count || bytes->len < states ||
	    bytes->len - states != reply->document_len)
		return damaged(err);
	r = take_states(bytes->data, request, result, err);
	if (r < 0)
		return r;
	result->document = malloc(reply->document_len + 1);
	if (!result->document)
		return error_set(err, -ENOMEM, "vet", "cannot vet the crates");
	memcpy(result->document, bytes->data + states, reply->document_len);
	result->document_len = reply->document_len;
	return 0;
}

static int run_work(const struct vet_request *request, const struct vet_set *set,
		    struct vet_result *result, char ret_reasons[VET_REASONS_SIZE],
		    struct error *err)
{
	struct confined_bytes bytes = {.max = VET_DOCUMENT_MAX +
					      request->lock->count * sizeof(struct vet_state)};
	struct vet_work work = {request, set, &bytes};
	struct vet_reply reply;

	_cleanup_fd_ int vendor_fd = open(request->vendor, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (vendor_fd < 0)
		return error_set(err, -errno, "vet", "cannot open %s", request->vendor);
	const struct confined_spec spec = {.what = "the crates",
					   .access = CONFINED_READS,
					   .folder_fd = vendor_fd,
					   .input_fd = -EBADF,
					   .bytes = &bytes};
	int r = confined_run(&spec, vet_work, &work, &reply, sizeof(reply), err);
	if (r >= 0)
		r = take_reply(&reply, &bytes, request, result, ret_reasons, err);
	free(bytes.data);
	return r;
}

int vet_run(const struct vet_request *request, struct vet_result *ret_result,
	    char ret_reasons[VET_REASONS_SIZE], struct error *err)
{
	struct vet_result result = {.states = NULL};
	struct vet_set *set = calloc(1, sizeof(*set));

	ret_reasons[0] = '\0';
	if (!set)
		return error_set(err, -ENOMEM, "vet", "cannot vet the crates");
	int r = vet_set_read(request->set, set, err);
	if (r >= 0)
		r = run_work(request, set, &result, ret_reasons, err);
	vet_set_fini(set);
	free(set);
	if (r < 0)
		vet_result_fini(&result);
	else
		*ret_result = result;
	return r;
}

void vet_result_fini(struct vet_result *result)
{
	free(result->states);
	free(result->document);
	*result = (struct vet_result){.states = NULL};
}

const struct vet_state *vet_result_find(const struct vet_result *result,
					const struct cargo_lock *lock, const char *name,
					const char *version)
{
	for (size_t i = 0; i < result->count && i < lock->count; i++)
		if (strcmp(lock->packages[i].name, name) == 0 &&
		    strcmp(lock->packages[i].version, version) == 0)
			return &result->states[i];
	return NULL;
}
