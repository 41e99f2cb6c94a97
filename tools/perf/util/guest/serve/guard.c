// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <linux/string.h>
#include <linux/types.h>
#include <sys/random.h>
#include "guest/serve/guard.h"

static int make_secret(char secret[SERVE_SECRET_SIZE])
{
	u64 random[2];

	secret[0] = '\0';
	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	snprintf(secret, SERVE_SECRET_SIZE, "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
	return 0;
}

/* How long it takes says nothing about where they differ. */
static bool same_secret(const char *secret, const char *other)
{
	unsigned char differ = 0;
	size_t i;

	if (!*secret || strlen(other) != SERVE_SECRET_SIZE - 1)
		return false;
	for (i = 0; i < SERVE_SECRET_SIZE - 1; i++)
		differ |= secret[i] ^ other[i];
	return !differ;
}

int serve_guard__invite(struct serve_guard *guard)
{
	return make_secret(guard->token);
}

const char *serve_guard__enter(struct serve_guard *guard, const char *token)
{
	char *session = guard->sessions[guard->next % SERVE_SESSIONS];

	if (!token || !same_secret(guard->token, token) || make_secret(session))
		return NULL;
	guard->token[0] = '\0';
	guard->next++;
	return session;
}

bool serve_guard__knows(const struct serve_guard *guard, const char *secret)
{
	bool known = false;
	int i;

	for (i = 0; secret && i < SERVE_SESSIONS; i++)
		known |= same_secret(guard->sessions[i], secret);
	return known;
}

static bool is_address(const char *host, bool loopback)
{
	struct in6_addr in6;
	struct in_addr in;

	if (inet_pton(AF_INET, host, &in) == 1)
		return !loopback || ntohl(in.s_addr) >> 24 == IN_LOOPBACKNET;
	return inet_pton(AF_INET6, host, &in6) == 1 &&
	       (!loopback || IN6_IS_ADDR_LOOPBACK(&in6));
}

/* The port is any: it may be one that ssh -L forwards. */
bool serve_guard__host(const struct serve_guard *guard, const char *host)
{
	char name[INET6_ADDRSTRLEN];
	bool brackets = host && *host == '[';
	size_t len;

	if (!host)
		return false;
	host += brackets;
	len = strcspn(host, brackets ? "]" : ":");
	if (len >= sizeof(name) || (brackets && host[len] != ']'))
		return false;
	memcpy(name, host, len);
	name[len] = '\0';
	host += len + brackets;
	if (*host && (*host != ':' || host[1 + strspn(host + 1, "0123456789")]))
		return false;
	return !strcasecmp(name, "localhost") || is_address(name, guard->loopback);
}

bool serve_guard__origin(const char *origin, const char *host)
{
	return origin && host && strstarts(origin, "http://") &&
	       !strcmp(origin + strlen("http://"), host);
}
