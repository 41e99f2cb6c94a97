// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include "debug.h"
#include "guest/cmd/output.h"
#include "guest/snapshot/attach.h"
#include "guest/snapshot/take.h"

/* Names in the temporary directory. */
#define NEW		"guests"
#define FAILED_DATA	"failed"
#define LAST_GUESTS	"last.guests"
#define OLD_DATA	"old"
#define OLD_GUESTS	"old.guests"

/* PERFDATA and what comes behind it. */
struct sibling {
	char name[NAME_MAX + 16];
};

static struct sibling sibling(const struct guest_output *output, const char *suffix)
{
	struct sibling s;

	snprintf(s.name, sizeof(s.name), "%s%s", output->name, suffix);
	return s;
}

/* What is not there need not be moved. */
static int move(int from_dir, const char *from, int to_dir, const char *to)
{
	if (!renameat(from_dir, from, to_dir, to) || errno == ENOENT)
		return 0;
	return -errno;
}

static int put_back(struct guest_output *output, const char *from, const char *suffix)
{
	return move(output->temp.fd, from, output->temp.parent, sibling(output, suffix).name);
}

/*
 * Is what was put away a file, or a directory as recording makes them? It will be removed,
 * and who may write to the parent may have given that name to anybody's directory.
 */
static bool is_recordings(const struct guest_output *output, const char *name, const char *has)
{
	char file[NAME_MAX + 1];
	struct stat st;

	if (fstatat(output->temp.fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return true;
	snprintf(file, sizeof(file), "%s/%s", name, has);
	return !fstatat(output->temp.fd, file, &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode);
}

/* @has: a file that is in it if it is a directory */
static int put_away(struct guest_output *output, const char *suffix, const char *to,
		    const char *has)
{
	int err = move(output->temp.parent, sibling(output, suffix).name, output->temp.fd, to);

	if (err || is_recordings(output, to, has))
		return err;
	pr_err("%s is a directory that no recording has made\n", sibling(output, suffix).name);
	return put_back(output, to, suffix) ?: -EEXIST;
}

static int rename_sibling(struct guest_output *output, const char *from, const char *to)
{
	return move(output->temp.parent, sibling(output, from).name, output->temp.parent,
		    sibling(output, to).name);
}

static ino_t inode(const struct guest_output *output, const char *suffix)
{
	struct stat st;

	return fstatat(output->temp.parent, sibling(output, suffix).name, &st,
		       AT_SYMLINK_NOFOLLOW) ? 0 : st.st_ino;
}

/* perf takes the file of a module for one only if its path is absolute. */
static int set_paths(struct guest_output *output, const char *perf_data)
{
	const char *slash = strrchr(perf_data, '/');
	char path[PATH_MAX] = "";
	size_t n = 0;

	if (strlcpy(output->name, slash ? slash + 1 : perf_data, sizeof(output->name)) >=
	    sizeof(output->name))
		return -ENAMETOOLONG;
	if (*perf_data != '/') {
		if (!getcwd(path, sizeof(path)))
			return -errno;
		n = strlen(path);
	}
	if (snprintf(path + n, sizeof(path) - n, "%s%s", n ? "/" : "", perf_data) >=
	    (int)(sizeof(path) - n))
		return -ENAMETOOLONG;
	guest_snapshot__dir(output->dir, sizeof(output->dir), path);
	return 0;
}

static int make_snapshot(struct guest_output *output)
{
	struct guest_dir dir;
	FILE *file;

	if (getrandom(&output->id, sizeof(output->id), 0) != sizeof(output->id) ||
	    mkdirat(output->temp.fd, NEW, 0700) < 0)
		return -errno;
	output->snapshot = guest_dir__open(output->temp.fd, NEW, O_RDONLY | O_DIRECTORY, 0);
	if (output->snapshot < 0)
		return output->snapshot;
	dir = (struct guest_dir) { .fd = output->snapshot };
	file = guest_dir__fcreate(&dir, GUEST_SNAPSHOT_ID);
	if (file) {
		fprintf(file, "%016" PRIx64 "\n", output->id);
		if (!guest_dir__fadd(&dir, file, GUEST_SNAPSHOT_ID))
			return 0;
	}
	close(output->snapshot);
	return dir.err ?: -EIO;
}

int guest_output__new(struct guest_output *output, const char *perf_data)
{
	int err;

	memset(output, 0, sizeof(*output));
	err = set_paths(output, perf_data);
	if (!err)
		err = guest_temp__new(&output->temp, output->dir);
	if (!err) {
		err = make_snapshot(output);
		if (!err)
			return 0;
		guest_temp__remove(&output->temp);
	}
	pr_err("%s: %s\n", output->dir, strerror(-err));
	return err;
}

static int make_place(struct guest_output *output)
{
	struct stat st;
	int err;

	output->old = inode(output, "");
	/* the rule of perf record */
	output->backed_up = !fstatat(output->temp.parent, output->name, &st, 0) && st.st_size;
	if (!output->backed_up)
		return put_away(output, ".guests", LAST_GUESTS, GUEST_SNAPSHOT_ID);
	err = put_away(output, ".old", OLD_DATA, "data") ?:
	      put_away(output, ".old.guests", OLD_GUESTS, GUEST_SNAPSHOT_ID) ?:
	      rename_sibling(output, ".guests", ".old.guests");
	output->guests_moved = !err;
	return err;
}

int guest_output__place(struct guest_output *output, bool some)
{
	int err = make_place(output);

	output->placed = true;
	/* nothing is lost should somebody have put a file there meanwhile: it is an error */
	if (!err && some && renameat(output->temp.fd, NEW, output->temp.parent,
			     sibling(output, ".guests").name) < 0)
		err = -errno;
	if (!err)
		return 0;
	pr_err("%s: cannot be made: %s\n", output->dir, strerror(-err));
	guest_output__undo(output);
	return err;
}

static bool is_ours(const struct guest_output *output)
{
	struct stat st;

	return !fstat(output->snapshot, &st) && st.st_ino == inode(output, ".guests");
}

void guest_output__undo(struct guest_output *output)
{
	int err = 0;

	if (!output->placed)
		return;
	output->placed = false;
	if (is_ours(output))
		err = put_away(output, ".guests", NEW, GUEST_SNAPSHOT_ID);
	if (inode(output, "") != output->old)
		err = put_away(output, "", FAILED_DATA, "data") ?: err;
	if (output->backed_up && inode(output, ".old") == output->old)
		err = rename_sibling(output, ".old", "") ?: err;
	if (output->guests_moved)
		err = rename_sibling(output, ".old.guests", ".guests") ?: err;
	err = put_back(output, LAST_GUESTS, ".guests") ?: err;
	err = put_back(output, OLD_DATA, ".old") ?: err;
	err = put_back(output, OLD_GUESTS, ".old.guests") ?: err;
	if (err)
		pr_err("%s: the last recording could not be put back: %s\n", output->name,
		       strerror(-err));
}

void guest_output__exit(struct guest_output *output)
{
	close(output->snapshot);
	guest_temp__remove(&output->temp);
}
