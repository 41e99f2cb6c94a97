// SPDX-License-Identifier: GPL-2.0
/*
 * What VMMs' command lines say about their guests. The syntax is that of
 * qemu-system(1), firecracker --help, cloud-hypervisor --help and lkvm-run(1).
 */
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "guest/vm/cmdline.h"
#include "guest/vm/vm.h"

/*
 * The value of @key in "key=value,key=value"; in QEMU's and Cloud Hypervisor's
 * syntax a comma in a value is doubled.
 */
static bool suboption(const char *arg, const char *key, char *value, size_t size)
{
	size_t len = strlen(key), n = 0;

	while (strncmp(arg, key, len) || arg[len] != '=') {
		arg = strchr(arg, ',');
		if (!arg)
			return false;
		arg++;
	}
	for (arg += len + 1; *arg && n + 1 < size; arg++) {
		if (*arg == ',' && *++arg != ',')
			break;
		value[n++] = *arg;
	}
	value[n] = '\0';
	return true;
}

/* @unit: what a number without a suffix counts */
static u64 parse_memory(const char *str, u64 unit)
{
	char *end;
	u64 n = strtoull(str, &end, 10);

	switch (*end) {
	case 'T': case 't': return n << 40;
	case 'G': case 'g': return n << 30;
	case 'M': case 'm': return n << 20;
	case 'K': case 'k': return n << 10;
	default:	    return n * unit;
	}
}

/* QEMU: -name NAME[,...], -name guest=NAME[,...]; libvirt writes the latter */
static void parse_name(struct guest *guest, const char *arg)
{
	char name[GUEST_NAME_MAX];

	if (!suboption(arg, "guest", name, sizeof(name))) {
		strlcpy(name, arg, sizeof(name));
		name[strcspn(name, ",")] = '\0';
		if (strchr(name, '='))
			return;
	}
	if (*name)
		guest_name__copy(guest->name, name, sizeof(guest->name));
}

static void parse_memory_option(struct guest *guest, const char *arg)
{
	char size[32];

	if (!suboption(arg, "size", size, sizeof(size)))
		strlcpy(size, arg, sizeof(size));
	guest->memory = parse_memory(size, 1 << 20);
}

/*
 * -object sev-guest,policy=0x5: bit 2 of the policy asks for encrypted state;
 * without it only memory is encrypted, which is enough to make stacks unreadable.
 */
static void parse_object(struct guest *guest, const char *arg)
{
	char policy[32];
	const char *what = NULL;

	if (strstarts(arg, "sev-snp-guest"))
		what = "sev-snp";
	else if (strstarts(arg, "sev-guest"))
		what = suboption(arg, "policy", policy, sizeof(policy)) &&
		       strtoul(policy, NULL, 0) & 4 ? "sev-es" : "sev";
	else if (strstarts(arg, "tdx-guest"))
		what = "tdx";
	else if (strstarts(arg, "s390-pv-guest"))
		what = "s390-pv";
	if (what)
		strlcpy(guest->protection, what, sizeof(guest->protection));
}

static void parse_platform(struct guest *guest, const char *arg)
{
	char on[8];

	if (suboption(arg, "tdx", on, sizeof(on)) && !strcmp(on, "on"))
		strlcpy(guest->protection, "tdx", sizeof(guest->protection));
	else if (suboption(arg, "sev_snp", on, sizeof(on)) && !strcmp(on, "on"))
		strlcpy(guest->protection, "sev-snp", sizeof(guest->protection));
}

/* Path of an API socket: the name users give to guests that have no other. */
static void parse_socket(struct guest *guest, const char *arg)
{
	const char *base = strrchr(arg, '/');
	char name[GUEST_NAME_MAX], *dot;

	if (!suboption(arg, "path", name, sizeof(name)))
		strlcpy(name, base ? base + 1 : arg, sizeof(name));
	base = strrchr(name, '/');
	if (base)
		memmove(name, base + 1, strlen(base));
	dot = strrchr(name, '.');
	if (dot && dot > name)
		*dot = '\0';
	if (*name)
		guest_name__copy(guest->name, name, sizeof(guest->name));
}

static const struct {
	const char *option;
	const char *vmm;	/* substring of the program's name */
	void	   (*parse)(struct guest *guest, const char *arg);
} options[] = {
	{ "-name",	 "",		     parse_name },
	{ "-m",		 "",		     parse_memory_option },
	{ "-object",	 "",		     parse_object },
	{ "--id",	 "firecracker",	     parse_name },
	{ "--api-socket", "cloud-hyper",     parse_socket },
	{ "--memory",	 "",		     parse_memory_option },
	{ "--mem",	 "",		     parse_memory_option },
	{ "--platform",	 "",		     parse_platform },
	{ "--name",	 "",		     parse_name },
};

static void parse_option(struct guest *guest, const char *arg, const char *value)
{
	const char *equals = strchr(arg, '=');
	size_t len = equals && strstarts(arg, "--") ? (size_t)(equals - arg) : strlen(arg);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++) {
		if (strlen(options[i].option) != len || strncmp(arg, options[i].option, len) ||
		    !strstr(guest->vmm, options[i].vmm))
			continue;
		if (arg[len] == '=')
			value = arg + len + 1;
		if (value)
			options[i].parse(guest, value);
		return;
	}
}

void guest__parse_cmdline(struct guest *guest, const char *args, size_t size)
{
	const char *end = args + size, *arg, *value, *base;

	/* comm is the name of the main thread, which some VMMs change */
	base = strrchr(args, '/');
	base = base ? base + 1 : args;
	if (*base)
		guest_name__copy(guest->vmm, base, sizeof(guest->vmm));

	for (arg = args; arg < end; arg = value) {
		value = arg + strnlen(arg, end - arg) + 1;
		if (value > end)
			return;		/* cut short */
		if (*arg == '-')
			parse_option(guest, arg, value < end ? value : NULL);
	}
}
