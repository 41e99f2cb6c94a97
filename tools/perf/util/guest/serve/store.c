// SPDX-License-Identifier: GPL-2.0
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "debug.h"
#include "guest/serve/store.h"
#include "guest/untrusted/dir.h"
#include "util.h"

#define ID_SIZE	24

static void id_name(char name[ID_SIZE], u64 id)
{
	snprintf(name, ID_SIZE, "%" PRIu64, id);
}

/* Return: 0 for what is no name of a recording */
static u64 parse_id(const char *name)
{
	char again[ID_SIZE];
	u64 id = strtoull(name, NULL, 10);

	id_name(again, id);
	return strcmp(name, again) ? 0 : id;
}

static int check_dir(int dir, const char *path)
{
	if (!guest_dir__is_own(dir, 077)) {
		pr_err("%s: recordings of guests are for root alone: chown root, chmod 700\n",
		       path);
		return -EPERM;
	}
	if (!flock(dir, LOCK_EX | LOCK_NB))
		return 0;
	pr_err("%s: another perf kvm-callchain serve has its recordings there: --directory names another place\n",
	       path);
	return -EBUSY;
}

int serve_store__open(struct serve_store *store, const char *path, u64 quota)
{
	char parent[PATH_MAX], *slash;
	int err;

	if (strlcpy(parent, path, sizeof(parent)) >= sizeof(parent))
		return -ENAMETOOLONG;
	slash = strrchr(parent, '/');
	if (slash && slash != parent) {
		*slash = '\0';
		mkdir_p(parent, 0755);
	}
	if (mkdir(path, 0700) && errno != EEXIST) {
		err = -errno;
		pr_err("%s: %s\n", path, strerror(-err));
		return err;
	}
	store->quota = quota;
	store->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir < 0) {
		err = -errno;
		pr_err("%s: %s\n", path, strerror(-err));
		return err;
	}
	err = check_dir(store->dir, path);
	if (err)
		close(store->dir);
	return err;
}

static int write_asked(int dir, const struct serve_request *asked)
{
	char text[64];
	int fd = guest_dir__open(dir, "asked", O_WRONLY | O_CREAT | O_EXCL, 0600);
	int len = snprintf(text, sizeof(text), "%u %u %u %u %u\n", asked->pid, asked->event,
			   asked->freq, asked->seconds, asked->host);
	int err;

	if (fd < 0)
		return fd;
	err = write(fd, text, len) == len ? 0 : -EIO;
	close(fd);
	return err;
}

int serve_store__new(const struct serve_store *store, struct serve_request *asked)
{
	char name[ID_SIZE];
	int dir, err;

	asked->id = time(NULL);
	id_name(name, asked->id);
	if (mkdirat(store->dir, name, 0700))
		return -errno;
	dir = guest_dir__open(store->dir, name, O_RDONLY | O_DIRECTORY, 0);
	err = dir < 0 ? dir : write_asked(dir, asked);
	if (!err)
		return dir;
	if (dir >= 0)
		close(dir);
	serve_store__remove(store, asked->id);
	return err;
}

/* As nobody but root writes there, it is checked for a disk that fails. */
static int read_asked(int dir, struct serve_request *asked)
{
	int fd = guest_dir__open(dir, "asked", O_RDONLY, 0);
	char text[64] = "";

	if (fd < 0)
		return fd;
	if (read(fd, text, sizeof(text) - 1) <= 0)
		text[0] = '\0';
	close(fd);
	*asked = (struct serve_request) { .verb = SERVE_START };
	return sscanf(text, "%u %u %u %u %u", &asked->pid, &asked->event, &asked->freq,
		      &asked->seconds, &asked->host) == 5 &&
	       serve_request__check(asked) ? 0 : -EBADMSG;
}

int serve_store__get(const struct serve_store *store, u64 id, struct serve_request *asked)
{
	char name[ID_SIZE];
	int dir, err;

	id_name(name, id);
	dir = guest_dir__open(store->dir, name, O_RDONLY | O_DIRECTORY, 0);
	err = dir < 0 || !asked ? 0 : read_asked(dir, asked);
	if (err) {
		close(dir);
		return err;
	}
	if (dir >= 0 && asked)
		asked->id = id;
	return dir;
}

void serve_store__remove(const struct serve_store *store, u64 id)
{
	char name[ID_SIZE];

	id_name(name, id);
	guest_dir__remove(store->dir, name);
}

static int cmp_ids(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return (x > y) - (x < y);
}

int serve_store__list(const struct serve_store *store, u64 ids[SERVE_RECORDINGS_MAX])
{
	DIR *list = guest_dir__list(store->dir);
	struct dirent *entry;
	int nr = 0;

	while (list && nr < SERVE_RECORDINGS_MAX && (entry = readdir(list))) {
		ids[nr] = parse_id(entry->d_name);
		nr += !!ids[nr];
	}
	if (list)
		closedir(list);
	qsort(ids, nr, sizeof(*ids), cmp_ids);
	return nr;
}

static u64 share_entry(int dir, const char *name)
{
	struct stat st;
	int fd = guest_dir__open(dir, name, O_RDONLY | O_NONBLOCK, 0);
	u64 bytes = 0;

	if (fd < 0)
		return 0;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
		bytes = (u64)st.st_blocks * 512;
		if (!(st.st_mode & 0004))
			fchmod(fd, 0644);
	} else if (S_ISDIR(st.st_mode)) {
		bytes = serve_store__share(fd);
	}
	close(fd);
	return bytes;
}

u64 serve_store__share(int dir)
{
	DIR *list = guest_dir__list(dir);
	struct dirent *entry;
	u64 bytes = 0;

	fchmod(dir, 0755);
	while (list && (entry = readdir(list))) {
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			bytes += share_entry(dir, entry->d_name);
	}
	if (list)
		closedir(list);
	return bytes;
}

u64 serve_store__tidy(const struct serve_store *store, u64 current)
{
	u64 *ids = calloc(SERVE_RECORDINGS_MAX, 2 * sizeof(*ids));
	u64 *bytes = ids + SERVE_RECORDINGS_MAX, all = 0;
	int i, dir, nr = ids ? serve_store__list(store, ids) : 0;

	for (i = 0; i < nr; i++) {
		dir = serve_store__get(store, ids[i], NULL);
		if (dir < 0)
			continue;
		bytes[i] = serve_store__share(dir);
		all += bytes[i];
		close(dir);
	}
	for (i = 0; i < nr && (all > store->quota || nr - i >= SERVE_RECORDINGS_MAX); i++) {
		if (ids[i] == current)
			continue;
		serve_store__remove(store, ids[i]);
		all -= bytes[i];
	}
	free(ids);
	return all;
}

void serve_store__log(int dir, char *text, size_t size)
{
	int fd = guest_dir__open(dir, "log", O_RDONLY, 0);
	ssize_t i, len = 0;
	off_t end;

	if (fd >= 0) {
		end = lseek(fd, 0, SEEK_END);
		len = pread(fd, text, size - 1, max_t(off_t, end - (off_t)(size - 1), 0));
		len = max_t(ssize_t, len, 0);
		close(fd);
	}
	for (i = 0; i < len; i++) {
		if (text[i] != '\n' && (text[i] < ' ' || text[i] > '~'))
			text[i] = '?';
	}
	text[len] = '\0';
}
