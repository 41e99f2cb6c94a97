/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Responses, with the headers that all of them have.
 */
#ifndef __PERF_GUEST_SERVE_REPLY_H
#define __PERF_GUEST_SERVE_REPLY_H

#include <microhttpd.h>

struct serve_answer;

/** serve_reply__text - @text is copied */
enum MHD_Result serve_reply__text(struct MHD_Connection *connection, unsigned int status,
				  const char *text);

/** serve_reply__enter - go to the page, with a cookie: NAME=SECRET */
enum MHD_Result serve_reply__enter(struct MHD_Connection *connection, const char *cookie,
				   const char *secret);

/** serve_reply__page - the page itself, whose scripts know a random number */
enum MHD_Result serve_reply__page(struct MHD_Connection *connection);

/**
 * serve_reply__answer - what the recorder says
 * @fd: taken over, if it is not 0
 */
enum MHD_Result serve_reply__answer(struct MHD_Connection *connection,
				    const struct serve_answer *answer, int fd, const char *type);

#endif /* __PERF_GUEST_SERVE_REPLY_H */
