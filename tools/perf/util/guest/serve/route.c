// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/kernel.h>
#include "guest/serve/exchange.h"
#include "guest/serve/guard.h"
#include "guest/serve/reply.h"
#include "guest/serve/route.h"

static const struct path {
	const char	*method, *url;
	enum serve_verb verb;
	const char	*type;
} paths[] = {
	{ "GET",  "/guests",	 SERVE_LIST,   "application/json" },
	{ "GET",  "/recordings", SERVE_STATUS, "application/json" },
	{ "GET",  "/graph",	 SERVE_GRAPH,  "text/html; charset=utf-8" },
	{ "GET",  "/table",	 SERVE_TABLE,  "text/plain; charset=utf-8" },
	{ "POST", "/start",	 SERVE_START,  NULL },
	{ "POST", "/stop",	 SERVE_STOP,   NULL },
	{ "POST", "/remove",	 SERVE_REMOVE, NULL },
};

static const char *header(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const char *argument(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

/* A number of digits alone; what is not there is 0. */
static bool number(struct MHD_Connection *connection, const char *name, u64 max, u64 *value)
{
	const char *text = argument(connection, name);

	*value = 0;
	if (!text)
		return true;
	if (!*text || strlen(text) > 12 || text[strspn(text, "0123456789")])
		return false;
	*value = strtoull(text, NULL, 10);
	return *value <= max;
}

static bool event(struct MHD_Connection *connection, u32 *event)
{
	const char *text = argument(connection, "event"), *name;

	for (*event = 0; text && (name = serve_event__name(*event)); ++*event) {
		if (!strcmp(text, name))
			return true;
	}
	return false;
}

static bool parse(struct MHD_Connection *connection, enum serve_verb verb,
		  struct serve_request *request)
{
	u64 pid, freq, seconds, host;

	*request = (struct serve_request) { .verb = verb };
	if (verb != SERVE_START)
		return number(connection, "id", UINT64_MAX, &request->id) &&
		       number(connection, "old", UINT64_MAX, &request->old);
	if (!number(connection, "pid", UINT32_MAX, &pid) ||
	    !number(connection, "freq", UINT32_MAX, &freq) ||
	    !number(connection, "seconds", UINT32_MAX, &seconds) ||
	    !number(connection, "host", UINT32_MAX, &host) ||
	    !event(connection, &request->event))
		return false;
	request->pid = pid;
	request->freq = freq;
	request->seconds = seconds;
	request->host = host;
	return serve_request__check(request);
}

static const struct path *find(const char *method, const char *url)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		if (!strcmp(paths[i].method, method) && !strcmp(paths[i].url, url))
			return &paths[i];
	}
	return NULL;
}

static enum MHD_Result ask(struct serve_route *route, struct serve_exchange *exchange,
			   const struct path *path)
{
	struct MHD_Connection *connection = exchange->connection;
	struct serve_request request;

	if (!parse(connection, path->verb, &request))
		return serve_reply__text(connection, MHD_HTTP_BAD_REQUEST,
					 "A value is missing, or out of its bounds\n");
	exchange->type = path->type;
	if (serve_exchange__ask(exchange, route->socket, &request))
		return MHD_YES;
	return serve_reply__text(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
				 "The recorder is busy: try again\n");
}

/* One browser has another in. */
static enum MHD_Result invite(struct serve_route *route, struct MHD_Connection *connection)
{
	char text[64];

	if (serve_guard__invite(route->guard))
		return MHD_NO;
	snprintf(text, sizeof(text), "/?token=%s", route->guard->token);
	return serve_reply__text(connection, MHD_HTTP_OK, text);
}

static enum MHD_Result enter(struct serve_route *route, struct MHD_Connection *connection,
			     const char *token)
{
	const char *secret = serve_guard__enter(route->guard, token);

	if (secret)
		return serve_reply__enter(connection, route->cookie, secret);
	return serve_reply__text(connection, MHD_HTTP_FORBIDDEN,
				 "This link has been used, or is wrong: a link is good for one browser, once.\n"
				 "That browser's page makes links for others; or start perf kvm-callchain serve again.\n");
}

/* Return: NULL if a request is to be answered; else why not, with @status */
static const char *refuse(struct serve_route *route, struct MHD_Connection *connection,
			  bool post, unsigned int *status)
{
	const char *host = header(connection, MHD_HTTP_HEADER_HOST);
	const char *site = header(connection, "Sec-Fetch-Site");

	*status = MHD_HTTP_FORBIDDEN;
	if (!serve_guard__host(route->guard, host))
		return "Not by this name: use localhost or the address\n";
	if (post && !serve_guard__origin(header(connection, MHD_HTTP_HEADER_ORIGIN), host))
		return "Not from another page\n";
	if (post && site && strcmp(site, "same-origin"))
		return "Not from another page\n";
	return NULL;
}

static enum MHD_Result answer(struct serve_route *route, struct serve_exchange *exchange,
			      const char *url, bool post)
{
	struct MHD_Connection *connection = exchange->connection;
	const char *token = argument(connection, "token");
	const char *cookie = MHD_lookup_connection_value(connection, MHD_COOKIE_KIND,
							 route->cookie);
	const struct path *path = find(post ? "POST" : "GET", url);

	if (!post && !strcmp(url, "/") && token)
		return enter(route, connection, token);
	if (!serve_guard__knows(route->guard, cookie))
		return serve_reply__text(connection, MHD_HTTP_FORBIDDEN,
					 "Open the link that perf kvm-callchain serve has printed.\n");
	if (!post && !strcmp(url, "/"))
		return serve_reply__page(connection);
	if (post && !strcmp(url, "/invite"))
		return invite(route, connection);
	if (path)
		return ask(route, exchange, path);
	return serve_reply__text(connection, MHD_HTTP_NOT_FOUND, "There is no such page\n");
}

enum MHD_Result serve_route__begin(struct MHD_Connection *connection)
{
	const char *length = header(connection, MHD_HTTP_HEADER_CONTENT_LENGTH);

	if (!header(connection, MHD_HTTP_HEADER_TRANSFER_ENCODING) &&
	    (!length || !strcmp(length, "0")))
		return MHD_YES;
	return serve_reply__text(connection, MHD_HTTP_CONTENT_TOO_LARGE,
				 "No request here has a body\n");
}

enum MHD_Result serve_route__answer(struct serve_route *route, struct serve_exchange *exchange,
				    const char *url, const char *method)
{
	struct MHD_Connection *connection = exchange->connection;
	bool post = !strcmp(method, MHD_HTTP_METHOD_POST);
	unsigned int status;
	const char *why;
	int fd = exchange->fd;

	if (exchange->answered) {
		exchange->fd = 0;
		return serve_reply__answer(connection, &exchange->answer, fd, exchange->type);
	}
	if (!post && strcmp(method, MHD_HTTP_METHOD_GET))
		return serve_reply__text(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
					 "GET and POST only\n");
	why = refuse(route, connection, post, &status);
	if (why)
		return serve_reply__text(connection, status, why);
	return answer(route, exchange, url, post);
}
