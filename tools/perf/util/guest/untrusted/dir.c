// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/compiler.h>
#include <linux/kernel.h>
#include <linux/openat2.h>
#include <linux/string.h>
#include <linux/types.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include "guest/untrusted/dir.h"
#include "guest/untrusted/syscalls.h"

#define TRIES		100

int guest_dir__open(int dir, const char *path, int flags, mode_t mode)
{
	struct open_how how = {
		.flags	 = flags | O_CLOEXEC,
		.mode	 = flags & O_CREAT ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	int fd = syscall(SYS_openat2, dir, path, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* One step of a path: @dir is closed. Return: the directory @name in it, or a negative error. */
static int step(int dir, const char *name)
{
	int fd = mkdirat(dir, name, 0700) < 0 && errno != EEXIST ? -errno :
		 guest_dir__open(dir, name, O_RDONLY | O_DIRECTORY, 0);

	close(dir);
	return fd;
}

static int make_dirs(int dir, const char *path)
{
	char name[PATH_MAX], *next = name, *slash;
	int fd;

	if (strlcpy(name, path, sizeof(name)) >= sizeof(name))
		return -ENAMETOOLONG;
	fd = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	for (; fd >= 0 && (slash = strchr(next, '/')); next = slash + 1) {
		*slash = '\0';
		fd = step(fd, next);
	}
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int note(struct guest_dir *dir, int err)
{
	switch (err) {
	case -ENOSPC:
	case -EDQUOT:
	case -EROFS:
	case -EIO:
		dir->err = dir->err ?: err;
		break;
	default:
		break;	/* a guest may have files whose names contradict one another */
	}
	return err;
}

void guest_dir__limit(struct guest_dir *dir, u64 max)
{
	struct statvfs fs;

	dir->room = max;
	if (!fstatvfs(dir->fd, &fs))
		dir->room = min_t(u64, max, (u64)fs.f_bavail * fs.f_frsize / 2) ?: 1;
}

u64 guest_dir__left(const struct guest_dir *dir)
{
	if (!dir->room)
		return INT64_MAX;
	return dir->used < dir->room ? dir->room - dir->used : 0;
}

/* Count a file that is complete. */
static int use_room(struct guest_dir *dir, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((u64)st.st_size > guest_dir__left(dir)) {
		dir->left_out++;
		return -EFBIG;
	}
	dir->used += st.st_size;
	return 0;
}

int guest_dir__create(struct guest_dir *dir, const char *path)
{
	int fd = make_dirs(dir->fd, path);

	if (!fd)
		fd = guest_dir__open(dir->fd, GUEST_DIR_PART, O_WRONLY | O_CREAT | O_EXCL, 0600);
	return note(dir, fd);
}

FILE *guest_dir__fcreate(struct guest_dir *dir, const char *path)
{
	int fd = guest_dir__create(dir, path);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "w");

	if (!file && fd >= 0)
		guest_dir__add(dir, fd, path, -ENOMEM);
	return file;
}

int guest_dir__add(struct guest_dir *dir, int fd, const char *path, int err)
{
	if (!err)
		err = use_room(dir, fd);
	if (close(fd) < 0 && !err)
		err = -errno;
	if (!err && renameat(dir->fd, GUEST_DIR_PART, dir->fd, path) < 0)
		err = -errno;
	if (err)
		unlinkat(dir->fd, GUEST_DIR_PART, 0);
	return note(dir, err);
}

int guest_dir__fadd(struct guest_dir *dir, FILE *file, const char *path)
{
	int fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
	bool failed = ferror(file);

	/* what could not be written earlier is not tried again, and mostly for want of space */
	if (fclose(file))
		return guest_dir__add(dir, fd, path, -errno);
	return guest_dir__add(dir, fd, path, failed ? -ENOSPC : 0);
}

void guest_dir__drop(struct guest_dir *dir, int fd)
{
	close(fd);
	unlinkat(dir->fd, GUEST_DIR_PART, 0);
}

void guest_dir__fdrop(struct guest_dir *dir, FILE *file)
{
	fclose(file);
	unlinkat(dir->fd, GUEST_DIR_PART, 0);
}

bool guest_dir__is_own(int dir, mode_t others)
{
	struct stat st;

	return !fstat(dir, &st) && st.st_uid == geteuid() && !(st.st_mode & others);
}

DIR *guest_dir__list(int dir)
{
	int fd = guest_dir__open(dir, ".", O_RDONLY | O_DIRECTORY, 0);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);

	if (!list && fd >= 0)
		close(fd);
	return list;
}

/* In nftw(), which has no argument for it */
static struct {
	u64 bytes, bytes_max;
	u32 names, names_max;
} held;

static int hold(const char *path __maybe_unused, const struct stat *st, int type,
		struct FTW *ftw __maybe_unused)
{
	if (type == FTW_DNR || type == FTW_NS ||
	    (!S_ISDIR(st->st_mode) && !S_ISREG(st->st_mode)))
		return 1;
	held.bytes += (u64)st->st_blocks * 512;
	return held.bytes > held.bytes_max || ++held.names > held.names_max;
}

bool guest_dir__holds(int dir, u64 bytes, u32 names)
{
	char path[32];

	held.bytes = held.names = 0;
	held.bytes_max = bytes;
	held.names_max = names;
	snprintf(path, sizeof(path), "/proc/self/fd/%d/.", dir);
	return !nftw(path, hold, 16, FTW_PHYS);
}

static bool is_dots(const char *name)
{
	return !strcmp(name, ".") || !strcmp(name, "..");
}

/*
 * What is in the directory @name of @dir. Its directories come to @dir, to be emptied when
 * it is their turn: however deep they are, no more than two are open.
 */
static void hoist(int dir, const char *name, unsigned int *nr)
{
	int fd = guest_dir__open(dir, name, O_RDONLY | O_DIRECTORY, 0);
	DIR *list = fd < 0 ? NULL : guest_dir__list(fd);
	struct dirent *entry;
	char to[32];

	while (list && (entry = readdir(list))) {
		if (is_dots(entry->d_name) || !unlinkat(fd, entry->d_name, 0))
			continue;
		do {
			snprintf(to, sizeof(to), ".removed-%u", (*nr)++);
		} while (renameat(fd, entry->d_name, dir, to) < 0 &&
			 (errno == EEXIST || errno == ENOTEMPTY));
	}
	if (list)
		closedir(list);
	if (fd >= 0)
		close(fd);
}

void guest_dir__empty(int dir)
{
	struct dirent *entry;
	unsigned int nr = 0;
	bool some;
	DIR *list;

	do {
		some = false;
		list = guest_dir__list(dir);
		while (list && (entry = readdir(list))) {
			if (is_dots(entry->d_name) || !unlinkat(dir, entry->d_name, 0))
				continue;
			hoist(dir, entry->d_name, &nr);
			some |= !unlinkat(dir, entry->d_name, AT_REMOVEDIR);
		}
		if (list)
			closedir(list);
	} while (some);
}

void guest_dir__remove(int dir, const char *name)
{
	int fd;

	if (!unlinkat(dir, name, 0))
		return;
	fd = guest_dir__open(dir, name, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return;
	guest_dir__empty(fd);
	close(fd);
	unlinkat(dir, name, AT_REMOVEDIR);
}

/* Whoever may write to the parent directory may have put something else there already. */
static int open_new(int parent, const char *name)
{
	int fd = guest_dir__open(parent, name, O_RDONLY | O_DIRECTORY, 0);
	struct dirent *entry;
	bool ours;
	DIR *list;

	if (fd < 0)
		return fd;
	ours = guest_dir__is_own(fd, 077);
	list = guest_dir__list(fd);
	while (list && (entry = readdir(list)))
		ours &= is_dots(entry->d_name);
	if (list)
		closedir(list);
	if (ours)
		return fd;
	close(fd);
	return -EPERM;
}

static int make_unique(int parent, char *name)
{
	char *end = name + strlen(name);
	int i, err = -EEXIST;
	u32 random;

	for (i = 0; i < TRIES && err == -EEXIST; i++) {
		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return -errno;
		sprintf(end, "%08x", random);
		err = mkdirat(parent, name, 0700) < 0 ? -errno : open_new(parent, name);
	}
	return err;
}

/*
 * A process of its own, no child of perf's, whose end perf would take for its workload's.
 * It waits for perf's end, as signals and exit() come in more ways than can be caught.
 */
static void __noreturn keeper(struct guest_temp *temp, int alive)
{
	int fds[3] = { alive, temp->parent, temp->fd }, i;
	char said;

	if (fork())
		_exit(0);
	setsid();
	for (i = 0; i < 3; i++)
		fds[i] = fcntl(fds[i], F_DUPFD, 3);
	for (i = 0; i < 3; i++)
		dup2(fds[i], i);
	/* among them its own copy of the other end, and the pipe that perf's pager reads */
	syscall(SYS_close_range, 3, ~0U, 0);
	while (read(0, &said, 1) < 0 && errno == EINTR)
		;
	guest_dir__empty(2);
	unlinkat(1, temp->name, AT_REMOVEDIR);
	_exit(0);
}

static int start_keeper(struct guest_temp *temp)
{
	int fds[2], err = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (!pid)
		keeper(temp, fds[0]);
	if (pid < 0)
		err = -errno;
	else
		waitpid(pid, NULL, 0);
	close(fds[0]);
	temp->alive = fds[1];
	if (err)
		close(fds[1]);
	return err;
}

static int open_parent(struct guest_temp *temp, const char *path)
{
	const char *tmp = getenv("TMPDIR");
	char parent[PATH_MAX], *slash;
	int fd;

	if (!tmp || !*tmp)
		tmp = "/tmp";
	/* the random part comes behind it */
	if (snprintf(temp->path, sizeof(temp->path) - 16, "%s%s", path ?: tmp,
		     path ? "." : "/perf-guest.") >= (int)sizeof(temp->path) - 16)
		return -ENAMETOOLONG;
	slash = strrchr(temp->path, '/');
	temp->name = slash ? slash + 1 : temp->path;
	strlcpy(parent, temp->path, sizeof(parent));
	parent[temp->name - temp->path] = '\0';
	fd = open(slash ? parent : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int guest_temp__new(struct guest_temp *temp, const char *path)
{
	int err;

	temp->parent = open_parent(temp, path);
	if (temp->parent < 0)
		return temp->parent;
	temp->fd = make_unique(temp->parent, (char *)temp->name);
	err = temp->fd < 0 ? temp->fd : start_keeper(temp);
	if (!err)
		return 0;
	if (temp->fd >= 0) {
		unlinkat(temp->parent, temp->name, AT_REMOVEDIR);
		close(temp->fd);
	}
	close(temp->parent);
	return err;
}

void guest_temp__remove(struct guest_temp *temp)
{
	guest_dir__empty(temp->fd);
	unlinkat(temp->parent, temp->name, AT_REMOVEDIR);
	close(temp->fd);
	close(temp->parent);
	/* the keeper finds nothing any more */
	close(temp->alive);
}
