/* POST /execute and POST /evaluate.json: a program's run. */
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "front/playground_answer.h"
#include "front/playground_request.h"
#include "front/playground_routes.h"

static json_t *form_execute(const struct playground_answer *answer)
{
	return json_pack("{s:b,s:s,s:o,s:o}", "success", answer->success, "exitDetail",
			 answer->detail, "stdout", playground_answer_text(answer, 0), "stderr",
			 playground_answer_text(answer, 1));
}

static json_t *form_evaluate(const struct playground_answer *answer)
{
	size_t len = answer->len[1] + answer->len[0];
	_cleanup_free_ char *both = NULL;

	if (answer->success)
		return json_pack("{s:o,s:n}", "result", playground_answer_text(answer, 0), "error");
	/* Some clients look at `error`, others search `result` for "error:": it is in both. */
	both = malloc(len + 1);
	if (!both)
		return NULL;
	if (answer->len[1])
		memcpy(both, answer->text[1], answer->len[1]);
	if (answer->len[0])
		memcpy(both + answer->len[1], answer->text[0], answer->len[0]);
	return json_pack("{s:o,s:o}", "result", json_stringn_nocheck(both, len), "error",
			 json_stringn_nocheck(both, len));
}

void playground_execute(struct http_request *request)
{
	playground_answer(request, playground_request_read, form_execute);
}

void playground_evaluate(struct http_request *request)
{
	playground_answer(request, playground_request_read_evaluate, form_evaluate);
}
