// SPDX-License-Identifier: GPL-2.0
/*
 * Guest mounts outlive their guests: tell whose they are.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/zalloc.h>
#include "debug.h"
#include "guest/untrusted/file.h"
#include "guest/vm/mount-owner.h"
#include "guest/vm/vm.h"

#define BOOT_ID_LEN	36

/* What a note says: "BOOT-ID STARTED NAME\n" */
struct owner {
	char boot[BOOT_ID_LEN + 1];
	u64  started;
	char name[GUEST_NAME_MAX];
};

static void read_boot_id(char *boot)
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");

	if (!file || fscanf(file, "%36s", boot) != 1)
		strcpy(boot, "-");
	if (file)
		fclose(file);
}

/* The starttime of /proc/PID/stat, in ticks since boot; 0 if there is no such process. */
static u64 process_started(pid_t pid)
{
	char path[32], line[1024], *at = NULL;
	u64 started = 0;
	FILE *file;
	int i;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return 0;
	/* field 22; the second, in parentheses, may have blanks and parentheses in it */
	if (fgets(line, sizeof(line), file))
		at = strrchr(line, ')');
	for (i = 2; at && i < 22; i++)
		at = strchr(at + 1, ' ');
	if (at)
		started = strtoull(at, NULL, 10);
	fclose(file);
	return started;
}

static bool read_note(int dir, pid_t pid, struct owner *owner)
{
	char path[16], text[BOOT_ID_LEN + GUEST_NAME_MAX + 32];
	int name = 0;

	snprintf(path, sizeof(path), ".%d", pid);
	if (guest_file__read(dir, path, text, sizeof(text)) <= 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	if (sscanf(text, "%36s %" SCNu64 " %n", owner->boot, &owner->started, &name) != 2 || !name)
		return false;
	guest_name__copy(owner->name, text + name, sizeof(owner->name));
	return true;
}

int guest_mount__set_owner(const struct guest *guest, const char *dir)
{
	char path[PATH_MAX], boot[BOOT_ID_LEN + 1];
	int fd, err = 0;

	read_boot_id(boot);
	snprintf(path, sizeof(path), "%s/.%d", dir, guest->pid);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 || dprintf(fd, "%s %" PRIu64 " %s\n", boot, process_started(guest->pid),
			      guest->name) < 0)
		err = -errno;
	if (fd >= 0 && close(fd) && !err)
		err = -errno;
	if (err)
		pr_err("%s: %s\n", path, strerror(-err));
	return err;
}

void guest_mount__forget_owner(pid_t pid, const char *dir)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/.%d", dir, pid);
	unlink(path);
}

static bool is_stale(int dir, pid_t pid, struct owner *owner)
{
	u64 started = process_started(pid);
	char boot[BOOT_ID_LEN + 1];

	if (!read_note(dir, pid, owner)) {
		*owner->name = '\0';
		return !started;
	}
	read_boot_id(boot);
	return owner->started != started || strcmp(owner->boot, boot);
}

bool guest_mount__is_stale(pid_t pid, const char *dir)
{
	int root = guest_file__root(dir);
	struct owner owner;
	bool stale;

	/* without the directory there is no mount */
	if (root < 0)
		return false;
	stale = is_stale(root, pid, &owner);
	close(root);
	return stale;
}

static void guest_mount__look(struct guest_mount *mount, int dir, const struct guests *guests)
{
	struct owner owner;
	int i;

	mount->stale = is_stale(dir, mount->pid, &owner);
	strlcpy(mount->name, owner.name, sizeof(mount->name));
	for (i = 0; !*mount->name && i < guests->nr; i++) {
		if (guests->guest[i].pid == mount->pid)
			strlcpy(mount->name, guests->guest[i].name, sizeof(mount->name));
	}
	if (!*mount->name)
		snprintf(mount->name, sizeof(mount->name), "%d", mount->pid);
}

int guest_mounts__scan(struct guest_mounts *mounts, const char *dir, const struct guests *guests)
{
	struct dirent **entries;
	int i, nr, root;

	*mounts = (struct guest_mounts) {};
	root = guest_file__root(dir);
	if (root < 0)
		return root == -ENOENT ? 0 : root;
	nr = scandir(dir, &entries, guest_pid__is_entry, versionsort);
	if (nr < 0) {
		close(root);
		return -errno;
	}
	mounts->mount = calloc(nr ?: 1, sizeof(*mounts->mount));
	for (i = 0; i < nr; i++) {
		if (mounts->mount) {
			mounts->mount[i].pid = guest_pid__parse(entries[i]->d_name);
			guest_mount__look(&mounts->mount[i], root, guests);
		}
		free(entries[i]);
	}
	free(entries);
	close(root);
	if (!mounts->mount)
		return -ENOMEM;
	mounts->nr = nr;
	return 0;
}

void guest_mounts__exit(struct guest_mounts *mounts)
{
	zfree(&mounts->mount);
	mounts->nr = 0;
}

const struct guest_mount *guest_mounts__find(const struct guest_mounts *mounts, const char *who)
{
	const struct guest_mount *found = NULL, *mount;

	for (mount = mounts->mount; mount < mounts->mount + mounts->nr; mount++) {
		if (guest_pid__parse(who) == mount->pid)
			return mount;
	}
	for (mount = mounts->mount; mount < mounts->mount + mounts->nr; mount++) {
		if (strcmp(mount->name, who))
			continue;
		if (found) {
			pr_err("There are several mounts of guests called %s: use the pid\n", who);
			return NULL;
		}
		found = mount;
	}
	if (!found)
		pr_err("There is no mount of a guest '%s'; 'perf kvm-callchain list' shows those that are\n",
		       who);
	return found;
}

void guest_mounts__fprintf_stale(const struct guest_mounts *mounts, FILE *fp)
{
	const struct guest_mount *mount;
	int nr = 0;

	for (mount = mounts->mount; mount < mounts->mount + mounts->nr; mount++) {
		if (mount->stale)
			fprintf(fp, "%s %s (%d)", nr++ ? "," : "Mounts of guests that have ended:",
				mount->name, mount->pid);
	}
	if (nr)
		fprintf(fp, ". 'perf kvm-callchain umount --stale' removes them.\n");
}
