/* Finding images, who uses them, what they take, and what of a cache can go. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "bake/parts.h"
#include "image/record_file.h"
#include "store/files.h"
#include "store/mounts.h"
#include "store/sizes.h"
#include "store/store.h"
#include "store/sweep.h"
#include "store/uses.h"
#include "unit_folder.h"

struct world {
	struct unit_folder *folder; /* a cache */
	struct path link;
	struct store store;
	struct uses uses;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->folder = unit_folder_new();
	unit_folder_mkdir(world->folder, "images");
	assert_int_equal(path_format(&world->link, NULL, "%s/link", world->folder->path), 0);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	store_fini(&world->store);
	uses_fini(&world->uses);
	unit_folder_free(world->folder);
	free(world);
	return 0;
}

static struct path below(const struct world *world, const char *name)
{
	struct path path;

	assert_int_equal(path_format(&path, NULL, "%s/%s", world->folder->path, name), 0);
	return path;
}

static void make_file(const struct world *world, const char *name)
{
	struct path path = below(world, name), folder = path;

	*strrchr(folder.text, '/') = '\0';
	assert_int_equal(path_make_folders(folder.text, NULL), 0);
	assert_int_equal(path_write_file(path.text, 0644, name, strlen(name), NULL), 0);
}

/* images/START000…, with a record and a tree of one file. Returns its folder. */
static struct path make_image(const struct world *world, const char *start, const char *name,
			      uint64_t baked_sec)
{
	char id[DIGEST_HEX_SIZE], path[128];
	struct image_record record = {.forms = RECORD_TREE, .baked_sec = baked_sec};

	memset(id, '0', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	memcpy(id, start, strlen(start));
	assert_int_equal(record_unhex(id, record.id), 0);
	snprintf(record.name, sizeof(record.name), "%s", name);
	snprintf(path, sizeof(path), "images/%s/root/file", id);
	make_file(world, path);
	snprintf(path, sizeof(path), "images/%s", id);
	struct path folder = below(world, path);
	int fd = open(folder.text, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(record_write(fd, &record, NULL), 0);
	close(fd);
	return folder;
}

static void read_store(struct world *world)
{
	store_fini(&world->store);
	uses_fini(&world->uses);
	assert_int_equal(store_open(&world->store, world->folder->path, NULL), 0);
	assert_int_equal(uses_read(&world->uses, &world->store, NULL, NULL), 0);
}

/* Expects a name to be found as the image with ids that start so. */
static void expect_found(const struct world *world, const char *name, const char *start)
{
	struct store_image image;
	struct error err = {.text = ""};

	if (store_find(&world->store, name, world->link.text, &image, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	assert_memory_equal(image.id, start, strlen(start));
}

static void expect_not_found(const struct world *world, const char *name, int code,
			     const char *word)
{
	struct store_image image;
	struct error err = {.text = ""};

	assert_int_equal(store_find(&world->store, name, world->link.text, &image, &err), code);
	if (!strstr(err.text, word))
		fail_msg("\"%s\" does not say \"%s\"", err.text, word);
}

static void store_find_by_id_name_path_and_link(void **state)
{
	struct world *world = *state;
	struct path old = make_image(world, "abcd1", "demo", 100);
	struct path new = make_image(world, "abcd2", "demo", 200);

	make_image(world, "1234", "beef", 300);
	make_image(world, "beef", "other", 50);
	assert_int_equal(link_use(world->link.text, old.text, NULL), 1);
	assert_int_equal(link_use(world->link.text, new.text, NULL), 1);
	read_store(world);
	assert_int_equal(world->store.count, 4);
	assert_memory_equal(world->store.images[0].id, "1234", 4); /* the newest */
	expect_found(world, "demo", "abcd2");
	expect_found(world, "abcd1", "abcd1");
	expect_found(world, old.text, "abcd1");
	expect_found(world, world->link.text, "abcd2");
	expect_found(world, "current", "abcd2");
	expect_found(world, "previous", "abcd1");
	expect_not_found(world, "abcd", -EINVAL, "more digits");
	expect_not_found(world, "abc", -EINVAL, "at least 4");
	expect_not_found(world, "beef", -EINVAL, "more than one");
	expect_not_found(world, "beef1", -ENOENT, "there is no image");
	expect_not_found(world, "nothing", -ENOENT, "sandlot image list");
	expect_not_found(world, "/nowhere", -ENOENT, "/nowhere");
	expect_not_found(world, world->folder->path, -ENOENT, "is no image");
}

static void store_open_damaged_image_is_listed(void **state)
{
	struct world *world = *state;
	struct path image = make_image(world, "abcd", "demo", 100), record;

	assert_int_equal(path_format(&record, NULL, "%s/" RECORD_FILE, image.text), 0);
	assert_int_equal(path_write_file(record.text, 0644, "short", 5, NULL), 0);
	read_store(world);
	assert_int_equal(world->store.count, 1);
	assert_false(world->store.images[0].has_record);
	assert_memory_equal(world->store.images[0].id, "abcd", 4);
	assert_non_null(strstr(world->store.images[0].record_fault, "5 bytes"));
}

static void store_open_no_cache_is_empty(void **state)
{
	struct world *world = *state;
	struct path absent = below(world, "absent");

	assert_int_equal(store_open(&world->store, absent.text, NULL), 0);
	assert_int_equal(world->store.count, 0);
	assert_false(path_exists(absent.text));
	expect_not_found(world, "demo", -ENOENT, "sandlot bake");
}

static void uses_links_and_holders_are_seen(void **state)
{
	struct world *world = *state;
	struct path one = make_image(world, "1111", "demo", 1),
		    two = make_image(world, "2222", "demo", 2);
	const char *link;

	assert_int_equal(link_use(world->link.text, one.text, NULL), 1);
	assert_int_equal(link_use(world->link.text, two.text, NULL), 1);
	read_store(world);
	assert_int_equal(uses_of_links(&world->uses, &two, &link), USE_CURRENT);
	assert_string_equal(link, world->link.text);
	assert_int_equal(uses_of_links(&world->uses, &one, &link), USE_PREVIOUS);
	assert_false(uses_is_held(&one));
	int held_fd = uses_hold(&one, NULL);
	assert_true(held_fd >= 0);
	assert_true(uses_is_held(&one));
	assert_false(uses_is_held(&two));
	assert_int_equal(uses_claim(&one, NULL), -EBUSY);
	close(held_fd);
	int claim_fd = uses_claim(&one, NULL);
	assert_true(claim_fd >= 0);
	assert_int_equal(uses_hold(&one, NULL), -EBUSY);
	close(claim_fd);
}

static void uses_read_link_that_is_registered_counts_once(void **state)
{
	struct world *world = *state;
	struct path one = make_image(world, "1111", "demo", 1), other = below(world, "other");

	assert_int_equal(link_use(world->link.text, one.text, NULL), 1);
	read_store(world);
	assert_int_equal(world->uses.count, 1);
	uses_fini(&world->uses);
	assert_int_equal(uses_read(&world->uses, &world->store, world->link.text, NULL), 0);
	assert_int_equal(world->uses.count, 1);
	uses_fini(&world->uses);
	assert_int_equal(symlink(one.text, other.text), 0);
	assert_int_equal(uses_read(&world->uses, &world->store, other.text, NULL), 0);
	assert_int_equal(world->uses.count, 2);
}

static void hard_link(const struct world *world, const char *from, const char *to)
{
	struct path source = below(world, from), target = below(world, to), folder = target;

	*strrchr(folder.text, '/') = '\0';
	assert_int_equal(path_make_folders(folder.text, NULL), 0);
	assert_int_equal(link(source.text, target.text), 0);
}

static void sizes_hard_links_count_once(void **state)
{
	struct world *world = *state;
	struct store_image images[2] = {{.id = ""}, {.id = ""}};
	struct image_size sizes[2];
	struct path block = below(world, "a/shared");
	uint64_t total, removed = 0, folder;
	struct inodes inodes = {.slots = NULL};
	char data[8192];

	memset(data, 'x', sizeof(data));
	make_file(world, "a/own");
	assert_int_equal(path_write_file(block.text, 0644, data, sizeof(data), NULL), 0);
	hard_link(world, "a/shared", "a/again");
	hard_link(world, "a/shared", "b/shared");
	images[0].folder = below(world, "a");
	images[1].folder = below(world, "b");
	assert_int_equal(sizes_of_images(images, 2, sizes, &total, NULL), 0);
	assert_int_equal(sizes[0].bytes - sizes[0].own_bytes, sizeof(data));
	assert_int_equal(sizes[1].bytes - sizes[1].own_bytes, sizeof(data));
	assert_int_equal(total, sizes[0].bytes + sizes[1].own_bytes);
	assert_int_equal(sizes_of_folder(images[0].folder.text, &folder, NULL), 0);
	assert_int_equal(folder, sizes[0].bytes);
	/* What is linked from both goes when both go. */
	assert_int_equal(sizes_of_removal(&inodes, images[0].folder.text, &removed, NULL), 0);
	assert_int_equal(removed, sizes[0].own_bytes);
	assert_int_equal(sizes_of_removal(&inodes, images[1].folder.text, &removed, NULL), 0);
	assert_int_equal(removed, total);
	inodes_fini(&inodes);
}

static void inodes_many_files_are_told_apart(void **state)
{
	struct inodes inodes = {.slots = NULL};
	struct inode *inode;

	(void)state;
	for (int round = 1; round <= 2; round++)
		for (ino_t i = 1; i <= 20000; i++) {
			struct stat st = {.st_dev = i % 3, .st_ino = i / 3};
			assert_int_equal(inodes_see(&inodes, &st, (size_t)round, &inode), 0);
			assert_int_equal(inode->seen, round);
			assert_int_equal(inode->first, 1);
		}
	inodes_fini(&inodes);
}

static void mounts_find_names_are_unescaped(void **state)
{
	static const char text[] = "22 1 0:20 / /sys rw - sysfs sysfs rw\n"
				   "23 1 0:21 / /cache/images\\040x/root rw - tmpfs tmpfs rw\n"
				   "24 1 0:22 / /cachet rw - tmpfs tmpfs rw\n";
	struct path mount;

	(void)state;
	const struct {
		const char *folder;
		int found;
	} cases[] = {
		{"/cache/images x", 1}, {"/cache/images x/root", 1},
		{"/cache/images", 0},	{"/cachet", 1},
		{"/cachets", 0},	{"/sy", 0},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		FILE *file = fmemopen((void *)text, strlen(text), "r");
		assert_int_equal(mounts_find(file, cases[i].folder, &mount), cases[i].found);
		fclose(file);
	}
	assert_int_equal(mounts_below("/proc", &mount, NULL), 1);
}

/* ---- what can go ---- */

static int is_planned(const struct sweep *sweep, const struct world *world, const char *name)
{
	struct path path = below(world, name);

	for (size_t i = 0; i < sweep->count; i++)
		if (strcmp(sweep->items[i].path.text, path.text) == 0)
			return 1;
	return 0;
}

static void say_parts(const struct world *world, const struct path *image, const char *part)
{
	struct parts parts = {.text = NULL};
	struct path path = below(world, part);

	assert_int_equal(parts_add(&parts, world->folder->path, path.text, NULL), 0);
	assert_int_equal(parts_write(&parts, image->text, NULL), 0);
	parts_fini(&parts);
}

/* An image in use with a layer and sources, one that is not, and much that nobody needs. */
static struct path make_cache(struct world *world)
{
	struct path used = make_image(world, "1111", "demo", 1), unused;

	unused = make_image(world, "2222", "demo", 2);
	make_file(world, "layers/rust-1-needed/root/f");
	make_file(world, "layers/rust-1-other/root/f");
	make_file(world, "vendor/needed/vendor/serde-1.0.0/lib.rs");
	make_file(world, "vendor/other/vendor/rand-1.0.0/lib.rs");
	make_file(world, "crates/serde-1.0.0.crate");
	make_file(world, "crates/rand-1.0.0.crate");
	make_file(world, "debs/other.deb");
	make_file(world, "memo/rust-needed");
	make_file(world, "memo/rust-other");
	make_file(world, "exports/demo-111100000000.erofs.zst");
	make_file(world, "exports/demo-222200000000.erofs.zst");
	make_file(world, "exports/mine");
	make_file(world, "layers/broken.gone/f");
	say_parts(world, &unused, "layers/rust-1-other");
	assert_int_equal(link_use(world->link.text, used.text, NULL), 1);
	return used;
}

static void sweep_plan_keeps_what_images_in_use_were_made_from(void **state)
{
	static const char *const kept[] = {
		"layers/rust-1-needed",
		"vendor/needed",
		"crates/serde-1.0.0.crate",
		"memo/rust-needed",
		"exports/demo-111100000000.erofs.zst",
		"exports/mine",
	};
	static const char *const going[] = {
		"layers/rust-1-other", "vendor/other",	  "crates/rand-1.0.0.crate",
		"debs/other.deb",      "memo/rust-other", "exports/demo-222200000000.erofs.zst",
		"layers/broken.gone",
	};
	struct world *world = *state;
	struct path used = make_cache(world), file;
	struct sweep sweep;

	assert_int_equal(path_format(&file, NULL, "%s/" PARTS_FILE, used.text), 0);
	const char *text = "layers/rust-1-needed\nvendor/needed\ncrates/serde-1.0.0.crate\n"
			   "memo/rust-needed\n";
	assert_int_equal(path_write_file(file.text, 0644, text, strlen(text), NULL), 0);
	read_store(world);
	assert_int_equal(sweep_plan(&sweep, &world->store, &world->uses, UINT64_MAX, NULL), 0);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (is_planned(&sweep, world, kept[i]))
			fail_msg("%s would go", kept[i]);
	for (size_t i = 0; i < sizeof(going) / sizeof(going[0]); i++)
		if (!is_planned(&sweep, world, going[i]))
			fail_msg("%s would stay", going[i]);
	assert_int_equal(sweep.count, sizeof(going) / sizeof(going[0]) + 1); /* and the image */
	assert_int_equal(sweep.parts_unknown.text[0], '\0');
	sweep_fini(&sweep);
	/* Young ones stay, and so does what they are made from. */
	assert_int_equal(sweep_plan(&sweep, &world->store, &world->uses, 0, NULL), 0);
	assert_false(is_planned(&sweep, world, "layers/rust-1-other"));
	sweep_fini(&sweep);
}

static void sweep_plan_image_without_parts_keeps_all_layers(void **state)
{
	struct world *world = *state;
	struct path used = make_cache(world);
	struct sweep sweep;

	read_store(world);
	assert_int_equal(sweep_plan(&sweep, &world->store, &world->uses, UINT64_MAX, NULL), 0);
	assert_string_equal(sweep.parts_unknown.text, used.text);
	assert_false(is_planned(&sweep, world, "layers/rust-1-other"));
	assert_false(is_planned(&sweep, world, "vendor/other"));
	assert_false(is_planned(&sweep, world, "crates/rand-1.0.0.crate"));
	assert_true(is_planned(&sweep, world, "layers/broken.gone"));
	sweep_fini(&sweep);
}

static void sweep_plan_held_image_and_registered_link_of_a_checkout_stay(void **state)
{
	struct world *world = *state;
	struct path one = make_image(world, "1111", "demo", 1), gone = below(world, "gone");
	struct sweep sweep;

	assert_int_equal(link_use(gone.text, one.text, NULL), 1);
	assert_int_equal(link_use(world->link.text, one.text, NULL), 1);
	assert_int_equal(unlink(gone.text), 0);
	assert_int_equal(unlink(world->link.text), 0);
	struct path previous = below(world, "link.previous");
	assert_int_equal(symlink("/nowhere", previous.text), 0);
	int fd = uses_hold(&one, NULL);
	read_store(world);
	assert_int_equal(sweep_plan(&sweep, &world->store, &world->uses, UINT64_MAX, NULL), 0);
	/* The image is held; one checkout is gone, of the other something is left. */
	assert_int_equal(sweep.count, 1);
	assert_int_equal(sweep.items[0].kind, SWEEP_LINK);
	sweep_fini(&sweep);
	close(fd);
}

static void sweep_remove_image_in_use_stays_whole(void **state)
{
	struct world *world = *state;
	struct path used = make_cache(world), other = below(world, "other"), file;
	struct error err = {.text = ""};

	read_store(world);
	assert_int_equal(sweep_remove_image(&world->store, &used, NULL, &err), -EBUSY);
	assert_non_null(strstr(err.text, world->link.text));
	assert_int_equal(unlink(world->link.text), 0);
	assert_int_equal(symlink(used.text, other.text), 0);
	/* A link that was never registered counts when it is named. */
	assert_int_equal(sweep_remove_image(&world->store, &used, other.text, &err), -EBUSY);
	assert_int_equal(path_format(&file, NULL, "%s/root/file", used.text), 0);
	assert_true(path_exists(file.text));
	assert_int_equal(sweep_remove_image(&world->store, &used, NULL, NULL), 0);
	assert_false(path_exists(used.text));
}

static void files_compare_tells_what_differs(void **state)
{
	struct world *world = *state;
	struct path a = below(world, "a"), b = below(world, "b");
	struct path link = below(world, "a/link"), other = below(world, "b/link");
	json_t *diff;

	make_file(world, "a/same");
	hard_link(world, "a/same", "b/same");
	make_file(world, "a/removed");
	make_file(world, "b/x/added");
	make_file(world, "a/1"); /* its content is its name: of the same length */
	make_file(world, "b/1");
	make_file(world, "a/mode");
	hard_link(world, "a/mode", "b/keep");
	struct path mode = below(world, "b/mode");
	assert_int_equal(path_write_file(mode.text, 0755, "a/mode", 6, NULL), 0);
	struct path copy = below(world, "b/copy"), copied = below(world, "a/copy");
	assert_int_equal(path_write_file(copy.text, 0644, "copy", 4, NULL), 0);
	assert_int_equal(path_write_file(copied.text, 0644, "copy", 4, NULL), 0);
	assert_int_equal(symlink("one", link.text), 0);
	assert_int_equal(symlink("two", other.text), 0);
	assert_int_equal(files_compare(a.text, b.text, &diff, NULL), 0);
	char *text = json_dumps(diff, JSON_COMPACT);
	assert_string_equal(text,
			    "{\"added\":[\"keep\",\"x\",\"x/added\"],\"removed\":[\"removed\"],"
			    "\"changed\":[\"1\",\"link\",\"mode\"]}");
	free(text);
	json_decref(diff);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(store_find_by_id_name_path_and_link),
		TEST(store_open_damaged_image_is_listed),
		TEST(store_open_no_cache_is_empty),
		TEST(uses_links_and_holders_are_seen),
		TEST(uses_read_link_that_is_registered_counts_once),
		TEST(sizes_hard_links_count_once),
		cmocka_unit_test(inodes_many_files_are_told_apart),
		cmocka_unit_test(mounts_find_names_are_unescaped),
		TEST(sweep_plan_keeps_what_images_in_use_were_made_from),
		TEST(sweep_plan_image_without_parts_keeps_all_layers),
		TEST(sweep_plan_held_image_and_registered_link_of_a_checkout_stay),
		TEST(sweep_remove_image_in_use_stays_whole),
		TEST(files_compare_tells_what_differs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
