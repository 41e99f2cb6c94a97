/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A request of a browser that the recorder answers.
 */
#ifndef __PERF_GUEST_SERVE_EXCHANGE_H
#define __PERF_GUEST_SERVE_EXCHANGE_H

#include <stdbool.h>
#include <linux/types.h>
#include "guest/serve/protocol.h"

struct MHD_Connection;

/**
 * struct serve_exchange - one of them
 * @next:    those that wait
 * @serial:  of what the recorder was asked; 0 if it was not
 * @answered: it has answered
 * @fd:	     with that; 0 for none
 */
struct serve_exchange {
	struct serve_exchange *next;
	struct MHD_Connection *connection;
	u32    serial;
	bool   answered;
	struct serve_answer answer;
	int    fd;
	const char *type;
};

/**
 * serve_exchange__ask - ask, and have the connection wait
 *
 * Return: false if the recorder cannot be asked now.
 */
bool serve_exchange__ask(struct serve_exchange *exchange, int socket,
			 struct serve_request *request);

/**
 * serve_exchange__take - take an answer, and have its connection go on
 *
 * Return: false if the recorder has ended.
 */
bool serve_exchange__take(int socket);

void serve_exchange__delete(struct serve_exchange *exchange);

#endif /* __PERF_GUEST_SERVE_EXCHANGE_H */
