/* The link to the image in use, its previous one, and the register of links. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bake/link.h"
#include "bake/tree.h"
#include "image/digest.h"

static int setup(void **state)
{
	struct path *folder = calloc(1, sizeof(*folder));

	assert_int_equal(path_format(folder, NULL, "/tmp/sandlot-unit-XXXXXX"), 0);
	assert_non_null(mkdtemp(folder->text));
	*state = folder;
	return 0;
}

static int teardown(void **state)
{
	tree_remove(((struct path *)*state)->text, NULL);
	free(*state);
	return 0;
}

static struct path below(void **state, const char *name)
{
	struct path path;

	assert_int_equal(path_format(&path, NULL, "%s/%s", ((struct path *)*state)->text, name), 0);
	return path;
}

/* images/DDDD… */
static struct path make_image(void **state, char digit)
{
	char id[DIGEST_HEX_SIZE] = "";
	struct path images = below(state, "images"), image;

	memset(id, digit, DIGEST_HEX_SIZE - 1);
	assert_int_equal(path_format(&image, NULL, "%s/%s", images.text, id), 0);
	assert_int_equal(path_make_folders(image.text, NULL), 0);
	return image;
}

static void assert_points(const struct path *link, const char *current, const char *previous)
{
	struct link_state at;

	assert_int_equal(link_read(link->text, &at, NULL), 0);
	assert_string_equal(at.current.text, current);
	assert_string_equal(at.previous.text, previous);
}

static void link_use_and_back_go_between_two_images(void **state)
{
	struct path one = make_image(state, '1'), two = make_image(state, '2'),
		    link = below(state, "checkout/build/image");
	struct error err = {.text = ""};

	assert_points(&link, "", "");
	assert_int_equal(link_use(link.text, one.text, NULL), 1);
	assert_points(&link, one.text, "");
	assert_int_equal(link_back(link.text, &err), -ENOENT);
	assert_non_null(strstr(err.text, ".previous"));
	assert_int_equal(link_use(link.text, two.text, NULL), 1);
	assert_points(&link, two.text, one.text);
	assert_int_equal(link_use(link.text, two.text, NULL), 0);
	assert_points(&link, two.text, one.text);
	assert_int_equal(link_back(link.text, NULL), 0);
	assert_points(&link, one.text, two.text);
	assert_int_equal(link_back(link.text, NULL), 0);
	assert_points(&link, two.text, one.text);
}

static void link_back_removed_current_image_is_replaced(void **state)
{
	struct path one = make_image(state, '1'), two = make_image(state, '2'),
		    link = below(state, "image");

	assert_int_equal(link_use(link.text, one.text, NULL), 1);
	assert_int_equal(link_use(link.text, two.text, NULL), 1);
	assert_int_equal(tree_remove(two.text, NULL), 0);
	assert_int_equal(link_back(link.text, NULL), 0);
	assert_points(&link, one.text, one.text);
	assert_int_equal(link_back(link.text, NULL), -ENOENT);
}

static void link_use_removed_image_is_not_kept_as_previous(void **state)
{
	struct path one = make_image(state, '1'), two = make_image(state, '2'),
		    three = make_image(state, '3'), link = below(state, "image");

	assert_int_equal(link_use(link.text, one.text, NULL), 1);
	assert_int_equal(link_use(link.text, two.text, NULL), 1);
	assert_int_equal(tree_remove(two.text, NULL), 0);
	assert_int_equal(link_use(link.text, three.text, NULL), 1);
	assert_points(&link, three.text, one.text);
}

static void link_use_what_is_no_link_stays(void **state)
{
	struct path one = make_image(state, '1'), two = make_image(state, '2'),
		    folder = below(state, "folder"), link = below(state, "image"),
		    previous = below(state, "image.previous");
	struct error err = {.text = ""};
	struct stat st;

	assert_int_equal(path_make_folders(folder.text, NULL), 0);
	assert_int_equal(link_use(folder.text, one.text, &err), -EEXIST);
	assert_non_null(strstr(err.text, folder.text));
	assert_int_equal(lstat(folder.text, &st), 0);
	assert_true(S_ISDIR(st.st_mode));

	assert_int_equal(link_use(link.text, one.text, NULL), 1);
	assert_int_equal(path_write_file(previous.text, 0644, "x", 1, NULL), 0);
	assert_int_equal(link_use(link.text, two.text, NULL), -EEXIST);
	assert_points(&link, one.text, previous.text);
}

static void link_use_image_that_is_being_removed_is_refused(void **state)
{
	struct path one = make_image(state, '1'), link = below(state, "image");
	struct error err = {.text = ""};
	int fd = open(one.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(link_use(link.text, one.text, &err), -EBUSY);
	assert_non_null(strstr(err.text, "removed"));
	assert_points(&link, "", "");
	assert_int_equal(flock(fd, LOCK_SH), 0); /* as a server holds it */
	assert_int_equal(link_use(link.text, one.text, NULL), 1);
	close(fd);
}

struct seen {
	int count;
	struct path link;
};

static int see(void *owner, const char *root, const char *link, struct error *err)
{
	struct seen *seen = owner;

	assert_true(path_exists(root));
	seen->count++;
	return path_format(&seen->link, err, "%s", link);
}

static void link_each_finds_each_link_once_by_its_absolute_path(void **state)
{
	struct path one = make_image(state, '1'), two = make_image(state, '2'),
		    images = below(state, "images"), link = below(state, "checkout/image"),
		    folder = below(state, "checkout");
	struct seen seen = {.count = 0};
	struct path before;

	assert_int_equal(link_each(images.text, see, &seen, NULL), 0);
	assert_int_equal(seen.count, 0);
	assert_int_equal(path_make_folders(folder.text, NULL), 0);
	assert_non_null(getcwd(before.text, sizeof(before.text)));
	assert_int_equal(chdir(folder.text), 0);
	assert_int_equal(link_use("image", one.text, NULL), 1);
	assert_int_equal(link_use("../checkout/image", two.text, NULL), 1);
	assert_int_equal(link_back("./image", NULL), 0);
	assert_int_equal(chdir(before.text), 0);
	assert_int_equal(link_each(images.text, see, &seen, NULL), 0);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.link.text, link.text);
}

/* Such as one that was copied to another place: it is in no folder of images. */
static void link_use_image_elsewhere_is_not_registered(void **state)
{
	struct path image = below(state, "mine/copy"), link = below(state, "image"),
		    roots = below(state, "mine/roots");

	assert_int_equal(path_make_folders(image.text, NULL), 0);
	assert_int_equal(link_use(link.text, image.text, NULL), 1);
	assert_points(&link, image.text, "");
	assert_false(path_exists(roots.text));
}

static void link_path_folder_is_no_name(void **state)
{
	struct path path;

	(void)state;
	assert_int_equal(link_path("/tmp/", &path, NULL), -EINVAL);
	assert_int_equal(link_path("..", &path, NULL), -EINVAL);
	assert_int_equal(link_path("", &path, NULL), -EINVAL);
	assert_int_equal(link_path("/image", &path, NULL), 0);
	assert_string_equal(path.text, "/image");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(link_use_and_back_go_between_two_images),
		TEST(link_back_removed_current_image_is_replaced),
		TEST(link_use_removed_image_is_not_kept_as_previous),
		TEST(link_use_what_is_no_link_stays),
		TEST(link_use_image_that_is_being_removed_is_refused),
		TEST(link_each_finds_each_link_once_by_its_absolute_path),
		TEST(link_use_image_elsewhere_is_not_registered),
		TEST(link_path_folder_is_no_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
