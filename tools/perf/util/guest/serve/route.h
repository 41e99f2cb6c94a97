/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a browser's request to what answers it.
 */
#ifndef __PERF_GUEST_SERVE_ROUTE_H
#define __PERF_GUEST_SERVE_ROUTE_H

#include <microhttpd.h>

struct serve_exchange;
struct serve_guard;

/**
 * struct serve_route - what requests are answered with
 * @guard:  who may ask
 * @socket: to the recorder
 * @cookie: the name of ours: cookies of a host are those of all its ports
 */
struct serve_route {
	struct serve_guard *guard;
	int  socket;
	char cookie[32];
};

/** serve_route__begin - when the headers are there: refuse what is to follow them */
enum MHD_Result serve_route__begin(struct MHD_Connection *connection);

/**
 * serve_route__answer - answer, or have the recorder do so
 * @exchange: of this request
 *
 * Called when the request is there, and again when the recorder has answered.
 */
enum MHD_Result serve_route__answer(struct serve_route *route, struct serve_exchange *exchange,
				    const char *url, const char *method);

#endif /* __PERF_GUEST_SERVE_ROUTE_H */
