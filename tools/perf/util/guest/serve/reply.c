// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <linux/kernel.h>
#include <sys/random.h>
#include <sys/stat.h>
#include "guest/serve/page.h"
#include "guest/serve/protocol.h"
#include "guest/serve/reply.h"

/*
 * A graph is a page that its own policy confines, too. It runs in a sandbox, where it is of no
 * origin: should a name in it ever be more than text, it has neither cookie nor actions.
 */
#define GRAPH_POLICY	"sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; " \
			"style-src 'unsafe-inline'; frame-ancestors 'self'; form-action 'none'; " \
			"base-uri 'none'"
#define NO_POLICY	"default-src 'none'; frame-ancestors 'none'; sandbox"
#define PAGE_POLICY	"default-src 'none'; script-src 'nonce-%1$s'; style-src 'nonce-%1$s'; " \
			"connect-src 'self'; frame-src 'self'; frame-ancestors 'none'; " \
			"base-uri 'none'; form-action 'none'"

static enum MHD_Result send_it(struct MHD_Connection *connection, unsigned int status,
			       struct MHD_Response *response, const char *type,
			       const char *policy)
{
	static const char * const headers[][2] = {
		{ "X-Content-Type-Options", "nosniff" },
		{ "Cache-Control", "no-store" },
		{ "Referrer-Policy", "no-referrer" },
		{ "Cross-Origin-Resource-Policy", "same-origin" },
		{ "Cross-Origin-Opener-Policy", "same-origin" },
	};
	enum MHD_Result result;
	size_t i;

	if (!response)
		return MHD_NO;
	for (i = 0; i < ARRAY_SIZE(headers); i++)
		MHD_add_response_header(response, headers[i][0], headers[i][1]);
	MHD_add_response_header(response, "Content-Type", type);
	MHD_add_response_header(response, "Content-Security-Policy", policy);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result serve_reply__text(struct MHD_Connection *connection, unsigned int status,
				  const char *text)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(text), (void *)text,
						MHD_RESPMEM_MUST_COPY);

	return send_it(connection, status, response, "text/plain; charset=utf-8", NO_POLICY);
}

enum MHD_Result serve_reply__enter(struct MHD_Connection *connection, const char *cookie,
				   const char *secret)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(0, (void *)"", MHD_RESPMEM_PERSISTENT);
	char text[200];

	if (!response)
		return MHD_NO;
	snprintf(text, sizeof(text), "%s=%s; HttpOnly; SameSite=Strict; Path=/", cookie, secret);
	MHD_add_response_header(response, "Set-Cookie", text);
	MHD_add_response_header(response, "Location", "/");
	return send_it(connection, MHD_HTTP_SEE_OTHER, response, "text/plain; charset=utf-8",
		       NO_POLICY);
}

enum MHD_Result serve_reply__page(struct MHD_Connection *connection)
{
	static const char mark[] = "@NONCE@";
	const char *page = serve_page, *at;
	char nonce[33], policy[400], *text = NULL;
	size_t size = 0;
	u64 random[2];
	FILE *fp;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return MHD_NO;
	snprintf(nonce, sizeof(nonce), "%016" PRIx64 "%016" PRIx64, random[0], random[1]);
	snprintf(policy, sizeof(policy), PAGE_POLICY, nonce);
	fp = open_memstream(&text, &size);
	if (!fp)
		return MHD_NO;
	for (; (at = strstr(page, mark)); page = at + strlen(mark))
		fprintf(fp, "%.*s%s", (int)(at - page), page, nonce);
	fputs(page, fp);
	if (fclose(fp)) {
		free(text);
		return MHD_NO;
	}
	return send_it(connection, MHD_HTTP_OK,
		       MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE),
		       "text/html; charset=utf-8", policy);
}

static unsigned int status_of(u32 error)
{
	switch (error) {
	case EINVAL:
		return MHD_HTTP_BAD_REQUEST;
	case ENOENT:
		return MHD_HTTP_NOT_FOUND;
	case EBUSY: case EEXIST:
		return MHD_HTTP_CONFLICT;
	default:
		return MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
}

enum MHD_Result serve_reply__answer(struct MHD_Connection *connection,
				    const struct serve_answer *answer, int fd, const char *type)
{
	struct MHD_Response *response;
	struct stat st;

	if (answer->error)
		return serve_reply__text(connection, status_of(answer->error), answer->text);
	if (!fd)
		return serve_reply__text(connection, MHD_HTTP_OK, "");
	if (fstat(fd, &st)) {
		close(fd);
		return MHD_NO;
	}
	response = MHD_create_response_from_fd64(st.st_size, fd);
	if (!response)
		close(fd);
	return send_it(connection, MHD_HTTP_OK, response, type,
		       strstr(type, "html") ? GRAPH_POLICY : NO_POLICY);
}
