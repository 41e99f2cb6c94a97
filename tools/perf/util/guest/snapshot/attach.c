// SPDX-License-Identifier: GPL-2.0
/*
 * Which directory was taken along with a recording. Files are moved, copied and replaced by
 * newer ones of the same name: the same id in both says that they belong together.
 *
 * In the recording it is perf_event_attr::sig_data of its events, which perf uses for nothing.
 * That is in the file from its beginning, and stays there whichever version of perf writes
 * the file anew, splits it, or is killed while it writes.
 */
#include <byteswap.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/perf_event.h>
#include <linux/string.h>
#include <sys/stat.h>
#include "debug.h"
#include "event.h"
#include "guest/untrusted/dir.h"
#include "guest/untrusted/file.h"
#include "guest/snapshot/attach.h"
#include "guest/snapshot/choose.h"
#include "guest/snapshot/lookup.h"
#include "guest/snapshot/take.h"
#include "header.h"
#include "guest/untrusted/printable.h"
#include "symbol_conf.h"
#include "util.h"

#define SUFFIX		".guests"
/* perf.data's magic, as a machine of the same byte order sees it, or of the other one */
#define MAGIC		0x32454c4946524550ULL
#define MAGIC_SWAPPED	0x50455246494c4532ULL

void guest_snapshot__set_id(struct perf_event_attr *attr, u64 id)
{
	attr->sig_data = id;
}

static u64 read_id_fd(int fd)
{
	struct perf_file_header header;
	struct perf_event_attr attr;
	bool swap;
	u64 at;

	if (pread(fd, &header, sizeof(header), 0) != sizeof(header) ||
	    (header.magic != MAGIC && header.magic != MAGIC_SWAPPED))
		return 0;
	swap = header.magic == MAGIC_SWAPPED;
	at = swap ? bswap_64(header.attrs.offset) : header.attrs.offset;
	if (pread(fd, &attr, offsetof(struct perf_event_attr, config3), at) !=
	    offsetof(struct perf_event_attr, config3))
		return 0;
	if ((swap ? bswap_32(attr.size) : attr.size) < PERF_ATTR_SIZE_VER7)
		return 0;
	return swap ? bswap_64(attr.sig_data) : attr.sig_data;
}

/* The id in a recording; 0 if it has none: nothing of guests was taken along. */
static u64 recording_id(const char *perf_data)
{
	char data[PATH_MAX];
	struct stat st;
	u64 id = 0;
	int fd;

	/* as perf record --kcore writes it */
	snprintf(data, sizeof(data), "%s/data", perf_data);
	fd = open(perf_data, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 && !fstat(fd, &st) && S_ISDIR(st.st_mode)) {
		close(fd);
		fd = open(data, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	}
	if (fd < 0)
		return 0;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		id = read_id_fd(fd);
	close(fd);
	return id;
}

/*
 * The id of what was taken along; 0 if that has none. @flags: O_NOFOLLOW or 0
 *
 * Return: 0 or a negative error.
 */
static int snapshot_id(const char *path, int flags, u64 *id)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	char text[32];

	*id = 0;
	if (fd < 0)
		return -errno;
	if (guest_file__read(fd, GUEST_SNAPSHOT_ID, text, sizeof(text)) > 0)
		*id = strtoull(text, NULL, 16);
	close(fd);
	return 0;
}

static bool has_id(const char *path, int flags, u64 id)
{
	u64 its;

	return !snapshot_id(path, flags, &its) && its == id;
}

/* The recording has another name by now: look at all that is beside it. */
static bool find_beside(const char *perf_data, u64 id, char *dir, size_t size)
{
	const char *slash = strrchr(perf_data, '/');
	int len = slash ? slash + 1 - perf_data : 0;
	struct dirent *entry;
	bool found = false;
	const char *suffix;
	DIR *list;

	snprintf(dir, size, "%.*s", len ?: 1, len ? perf_data : ".");
	list = opendir(dir);
	while (list && !found && (entry = readdir(list))) {
		suffix = strstr(entry->d_name, SUFFIX);
		if (!suffix || strcmp(suffix, SUFFIX))
			continue;
		snprintf(dir, size, "%.*s%s", len, perf_data, entry->d_name);
		found = has_id(dir, O_NOFOLLOW, id);
	}
	if (list)
		closedir(list);
	return found;
}

/* NULL if perf may have made that; FTW_* in @type. */
static const char *what_is_wrong(const struct stat *st, int type)
{
	if (type == FTW_DNR || type == FTW_NS)
		return "cannot be read";
	if (S_ISLNK(st->st_mode))
		return "is a link";
	if (!S_ISDIR(st->st_mode) && !S_ISREG(st->st_mode))
		return "is no regular file";
	/* the rule perf has for perf.data */
	if (st->st_uid && st->st_uid != geteuid() && !symbol_conf.force)
		return "is not yours or root's (-f uses it)";
	return NULL;
}

/* Say it; @whose symbols there are not. */
static void say_wrong(const char *path, const char *wrong, const char *whose)
{
	char name[PATH_MAX];

	pr_warning("%s %s: no symbols of %s\n", text__copy_printable(name, path, sizeof(name)),
		   wrong, whose);
}

/* Guests whose files are wrong, before nothing of the recording is used. */
#define REFUSED_MAX	1024

/* Of one guest: nftw() has no argument for it. */
static u32 names;

static int check_entry(const char *path, const struct stat *st, int type,
		       struct FTW *ftw __maybe_unused)
{
	const char *wrong = what_is_wrong(st, type);

	if (!wrong && ++names > GUEST_SNAPSHOT_NAMES)
		wrong = "is one file too many";
	if (wrong)
		say_wrong(path, wrong, "that guest");
	return !!wrong;
}

static bool check_guest(const char *path)
{
	int ret;

	names = 0;
	ret = nftw(path, check_entry, 16, FTW_PHYS);
	if (ret < 0)
		say_wrong(path, strerror(errno), "that guest");
	return !ret;
}

static bool is_good(const char *path)
{
	struct stat st;
	const char *wrong = what_is_wrong(&st, lstat(path, &st) ? FTW_NS : FTW_F);

	if (wrong)
		say_wrong(path, wrong, "the guests");
	return !wrong;
}

/*
 * Somebody else may have made what is there. A FIFO would hold up for ever what opens it, a
 * link would lead elsewhere: perf makes neither. What is wrong with one guest's files is no
 * loss to the others.
 */
static bool check_guests(const char *dir)
{
	unsigned int refused = 0;
	char path[PATH_MAX + NAME_MAX + 2];
	struct dirent *entry;
	bool good = true;
	DIR *list;

	list = is_good(dir) ? opendir(dir) : NULL;
	if (!list)
		return false;
	while (good && (entry = readdir(list))) {
		const char *name = entry->d_name;

		if (!strcmp(name, ".") || !strcmp(name, ".."))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, name);
		if (strspn(name, "0123456789") != strlen(name)) {
			good = is_good(path);
		} else if (!check_guest(path)) {
			guest_snapshot__refuse(atoi(name));
			good = ++refused < REFUSED_MAX;
		}
	}
	closedir(list);
	return good;
}

static bool may_use(const char *dir, bool given)
{
	char real[PATH_MAX];
	struct stat st;

	/* what the user names may be a link */
	if (given)
		return realpath(dir, real) && check_guests(real);
	if (check_guests(dir))
		return true;
	if (!lstat(dir, &st) && S_ISLNK(st.st_mode))
		pr_warning("If it is yours: --guestmount=%s\n",
			   text__copy_printable(real, dir, sizeof(real)));
	return false;
}

/* Find it in @dir, PERFDATA.guests as yet; or say why it is not there. */
static bool find(const char *perf_data, u64 id, char *dir, size_t size)
{
	char other[PATH_MAX];
	u64 its;
	int err = snapshot_id(dir, 0, &its);

	if (!err && id && its == id)
		return true;
	if (id && find_beside(perf_data, id, other, sizeof(other))) {
		strlcpy(dir, other, size);
		return true;
	}
	if (err && err != -ENOENT)
		pr_warning("%s: %s: no symbols of the guests\n", dir, strerror(-err));
	else if (id)
		pr_warning("%s: what was taken of its guests is not beside it, so no symbols of theirs: --guestmount says where it is\n",
			   perf_data);
	else if (!err && its)
		pr_warning("%s is of another recording: not used\n", dir);
	else if (!err)
		pr_warning("%s does not say of which recording it is: not used. If of %s: --guestmount=%s\n",
			   dir, perf_data, dir);
	return false;
}

/* A recording of an older perf has no id, but there is the user's word. */
static bool is_of_recording(const char *given, const char *dir, u64 id)
{
	struct stat st_a, st_b;

	if (id)
		return has_id(given, 0, id);
	return !stat(given, &st_a) && !stat(dir, &st_b) && st_a.st_dev == st_b.st_dev &&
	       st_a.st_ino == st_b.st_ino && has_id(given, 0, 0);
}

static bool kept;

void guest_snapshot__keep(bool keep)
{
	kept = keep;
}

static void attach(const char *perf_data)
{
	const char *given = guest_snapshot__is_used() ? NULL : symbol_conf.guestmount;
	char dir[PATH_MAX];
	u64 id;

	if (!perf_data)
		return;
	id = recording_id(perf_data);
	guest_snapshot__dir(dir, sizeof(dir), perf_data);
	if (given && !is_of_recording(given, dir, id))
		return;
	if (given)
		strlcpy(dir, given, sizeof(dir));
	else
		guest_snapshot__use(NULL);
	if (!given && !find(perf_data, id, dir, sizeof(dir)))
		return;
	guest_snapshot__use(dir);
	if (!may_use(dir, given)) {
		guest_snapshot__use(NULL);
		symbol_conf.guestmount = given;
		return;
	}
	perf_guest = true;
}

void guest_snapshot__attach(const char *perf_data)
{
	if (kept)
		return;
	attach(perf_data);
	guest_choice__apply();
}
