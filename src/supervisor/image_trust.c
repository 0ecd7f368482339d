#include "supervisor/image_trust.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "image/stamps.h"
#include "supervisor/verify.h"

/* A change in the same tick of the clock would not show in the time of the last one. */
enum { SETTLED_MSEC = 100 };

struct judgement {
	const struct image_trust *trust;
	const char *path;
	const struct cell_image *image;
	struct verify_call call;
	struct stat st; /* of image.erofs, from before it is read */
	int is_settled; /* its last change was a while before that */
	struct verdict verdict;
	char *sentence;
};

static int refuse(struct judgement *judgement, const struct error *err)
{
	snprintf(judgement->sentence, VERDICT_SENTENCE_MAX, "the image %s cannot be verified: %s",
		 judgement->path, err->text);
	return err->code;
}

/* One run of sandlot-verify. Returns 0 when the image may be served as far as that can tell. */
static int verify(struct judgement *judgement, int is_quick)
{
	struct verdict *verdict = &judgement->verdict;
	struct error err = {0};

	judgement->call.is_quick = is_quick;
	if (verify_run(&judgement->call, verdict, &err) < 0)
		return refuse(judgement, &err);
	if (verdict->code == VERDICT_OK ||
	    (verdict->code == VERDICT_UNSIGNED && judgement->trust->allow_unsigned))
		return 0;
	verdict_sentence(verdict, judgement->path, judgement->sentence);
	return -EKEYREJECTED;
}

/* What the content looks like now. Returns 1, or 0 when that tells nothing. */
static int stamp_now(const struct judgement *judgement, struct stamp *ret_stamp)
{
	const struct verdict *verdict = &judgement->verdict;

	if (judgement->trust->stamps_fd < 0)
		return 0;
	if (judgement->call.form == RECORD_EROFS) {
		*ret_stamp = stamp_erofs(&verdict->record, &judgement->st);
		return judgement->is_settled;
	}
	*ret_stamp = stamp_tree(&verdict->record, verdict->quick);
	return verdict_fits(verdict, verdict->quick); /* is there one? */
}

/* Hashes what a stamp does not vouch for. Returns 1 when one does, 0, or a negative errno. */
static int verify_content(struct judgement *judgement)
{
	const struct image_trust *trust = judgement->trust;
	struct stamp stamp;

	if (stamp_now(judgement, &stamp) &&
	    stamps_has(trust->stamps_fd, &judgement->verdict.record, &stamp))
		return 1;
	log_info("image_verifying",
		 "what=\"every byte, as it is new here or was touched\" path=\"%s\"",
		 judgement->path);
	int r = verify(judgement, 0);
	if (r < 0)
		return r;
	/* One that cannot be kept costs no more than the time to verify again. */
	if (judgement->verdict.has_record && stamp_now(judgement, &stamp))
		stamps_keep(trust->stamps_fd, &judgement->verdict.record, &stamp);
	return 0;
}

static void say_time(uint64_t sec, char ret_text[32])
{
	time_t time = (time_t)sec;
	struct tm utc;

	if (!gmtime_r(&time, &utc) || !strftime(ret_text, 32, "%Y-%m-%d %H:%M:%S", &utc))
		snprintf(ret_text, 32, "?");
}

/*
 * Somebody may offer an image again that was signed before it was known to be bad. That it is the
 * operator, who wants this one, is what his consent says.
 */
static int check_age(const struct judgement *judgement)
{
	const struct image_record *record = &judgement->verdict.record;
	const struct image_trust *trust = judgement->trust;
	char baked[32], newest[32];

	if (judgement->verdict.code != VERDICT_OK || trust->stamps_fd < 0 || trust->allow_older)
		return 0;
	uint64_t newest_sec = stamps_newest(trust->stamps_fd, record->name);
	if (record->baked_sec >= newest_sec)
		return 0;
	if (stamps_consented(trust->stamps_fd, record)) {
		log_info("image_older", "what=\"taken, as the operator asked for it\" path=\"%s\"",
			 judgement->path);
		return 0;
	}
	say_time(record->baked_sec, baked);
	say_time(newest_sec, newest);
	snprintf(judgement->sentence, VERDICT_SENTENCE_MAX,
		 "the image %s is older (baked %s) than the newest \"%s\" that was served here "
		 "(baked %s); if it is wanted, `sandlot image use IMAGE --allow-older` says so, or "
		 "start "
		 "the server with --allow-older",
		 judgement->path, baked, record->name, newest);
	return -ESTALE;
}

static int keys_open(struct judgement *judgement, int *ret_fd)
{
	struct error err;

	*ret_fd = open(judgement->trust->keys_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_fd >= 0 || errno == ENOENT)
		return 0;
	error_set(&err, -errno, "keys", "cannot open the folder of keys %.150s",
		  judgement->trust->keys_dir);
	return refuse(judgement, &err);
}

static int look(struct judgement *judgement)
{
	struct timespec now;
	struct error err;

	if (judgement->call.form != RECORD_EROFS)
		return 0;
	if (fstat(judgement->image->content_fd, &judgement->st) < 0) {
		error_set(&err, -errno, "verify", "cannot look at image.erofs");
		return refuse(judgement, &err);
	}
	clock_gettime(CLOCK_REALTIME, &now);
	int64_t msec = (int64_t)(now.tv_sec - judgement->st.st_ctim.tv_sec) * 1000 +
		       (now.tv_nsec - judgement->st.st_ctim.tv_nsec) / 1000000;
	judgement->is_settled = msec >= SETTLED_MSEC;
	return 0;
}

static int judge(struct judgement *judgement, struct image_known *ret_known)
{
	int by_stamp = 0;

	int r = look(judgement);
	/* Signature, keys' ages and documents always; and what is needed to find the stamp. */
	if (r == 0)
		r = verify(judgement, 1);
	/* Without a record there is nothing that its bytes could be compared with. */
	if (r == 0 && judgement->verdict.has_record)
		r = by_stamp = verify_content(judgement);
	if (r >= 0)
		r = check_age(judgement);
	if (r < 0)
		return r;
	*ret_known = (struct image_known){
		.code = judgement->verdict.code,
		.has_record = judgement->verdict.has_record,
		.record = judgement->verdict.record,
		.by_stamp = by_stamp,
	};
	return 0;
}

int image_trust_judge(const struct image_trust *trust, const char *path,
		      const struct cell_image *image, int manifest_fd,
		      struct image_known *ret_known, char ret_sentence[VERDICT_SENTENCE_MAX])
{
	struct judgement judgement = {
		.trust = trust,
		.path = path,
		.image = image,
		.call =
			{
				.exe_fd = trust->verify_fd,
				.user = trust->user,
				.own_user_namespace = trust->own_user_namespace,
				.form = image->form == CELL_IMAGE_EROFS ? RECORD_EROFS
									: RECORD_TREE,
				.folder_fd = image->folder_fd,
				.content_fd = image->content_fd,
				.manifest_fd = manifest_fd,
			},
		.sentence = ret_sentence,
	};
	_cleanup_fd_ int keys_fd = -EBADF;

	int r = keys_open(&judgement, &keys_fd);
	judgement.call.keys_fd = keys_fd;
	return r < 0 ? r : judge(&judgement, ret_known);
}
