// SPDX-License-Identifier: GPL-2.0
/*
 * How guesses in a callchain are told from frames: by symbols of their own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include "guest/callchain/guess.h"
#include "hashmap.h"
#include "symbol.h"

/* Symbols live as long as the program, and so do these. */
static struct hashmap *guesses;

static size_t hash_symbol(long key, void *ctx __maybe_unused)
{
	return key >> 4;
}

static bool equal_symbols(long a, long b, void *ctx __maybe_unused)
{
	return a == b;
}

static struct symbol *new_guess(struct symbol *sym)
{
	struct symbol *guess = NULL;
	char *name;

	if (asprintf(&name, "? %s", sym->name) < 0)
		return NULL;
	/* callchains compare functions by where they start */
	guess = symbol__new(sym->start + 1, symbol__size(sym) - 1, sym->binding, sym->type, name);
	free(name);
	return guess;
}

struct symbol *__guest_callchain__guess(struct symbol *sym)
{
	struct symbol *guess;

	if (!guesses) {
		guesses = hashmap__new(hash_symbol, equal_symbols, NULL);
		if (IS_ERR(guesses)) {
			guesses = NULL;
			return NULL;
		}
	}
	if (hashmap__find(guesses, sym, &guess))
		return guess;
	guess = new_guess(sym);
	if (guess && hashmap__add(guesses, sym, guess)) {
		symbol__delete(guess);
		guess = NULL;
	}
	return guess;
}
