/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The stacks of a recording, each once, with how many samples it has: a tree whose nodes are
 * frames, the outermost next to the root.
 */
#ifndef __PERF_GUEST_EXPORT_STACKS_H
#define __PERF_GUEST_EXPORT_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <linux/types.h>

struct hashmap;

/** enum stack_kind - whose code a frame is; stack_kinds[] and page/tree.js name them */
enum stack_kind {
	STACK_PROCESS,		/* no code: a guest, or a process of the host */
	STACK_HOST_KERNEL,
	STACK_HOST_USER,
	STACK_GUEST_KERNEL,
	STACK_GUEST_MODULE,
	STACK_GUEST_USER,
	STACK_GUESS,		/* of the guest's kernel: it may have been called from there */
	STACK_KINDS
};

/**
 * struct stack_kind_name
 * @name: for people, and in JSON
 * @mark: at the end of a folded frame
 */
struct stack_kind_name {
	const char *name;
	const char *mark;
};

extern const struct stack_kind_name stack_kinds[STACK_KINDS];

/**
 * struct stack_frame
 * @dso:     empty if it is not known
 * @mapping: number of its struct mapping; 0 if there is none, or they are not wanted
 * @address: what was executed; 0 if addresses are not wanted
 */
struct stack_frame {
	const char	*name;
	const char	*dso;
	enum stack_kind	kind;
	u32		mapping;
	u64		address;
};

/** struct stack_node - @parent and @frame are indices; an outermost one has no parent */
struct stack_node {
	u32 parent;
	u32 frame;
};

#define STACK_NONE	((u32)-1)

/**
 * struct stack_source - the thread that samples are of
 * @guest: its guest's name; empty for samples that have nothing of a guest
 * @comm:  the thread's name, or "[guest/NAME]"
 * @vcpu:  which one of its guest it runs; -1 if no sample tells
 * @old:   it is of the recording that another one is compared with
 */
struct stack_source {
	const char *guest;
	const char *comm;
	pid_t	   pid, tid;
	int	   vcpu;
	bool	   old;
};

/**
 * struct stack_count - samples with the same @node, @event and @source, which are indices
 * @slot: and whose times begin a slot here, in ns; 0 where they are not told apart
 * @slice: the last of its struct timeline_slice; STACK_NONE without a timeline
 */
struct stack_count {
	u32 node;
	u32 event;
	u32 source;
	s64 slot;
	u32 slice;
	u64 samples;
	u64 period;
};

/**
 * struct stacks
 * @samples: all that are counted
 */
struct stacks {
	struct stack_frame	*frames;
	struct stack_node	*nodes;
	struct stack_source	*sources;
	struct stack_count	*counts;
	const char		**events;
	u32			nr_frames, nr_nodes, nr_sources, nr_counts, nr_events;
	u64			samples;
	struct hashmap		*strings, *by_frame, *by_node, *by_source, *by_count;
};

/* Of a hashmap whose keys are hashes, or pointers of which there is one for each text */
size_t stacks__hash_key(long key, void *ctx);
bool stacks__equal_keys(long a, long b, void *ctx);

/* Of a hashmap whose keys are texts that a guest may have chosen */
size_t stacks__hash_text(long key, void *ctx);
bool stacks__equal_texts(long a, long b, void *ctx);

/** stacks__new - Return: NULL without memory; else to be freed by stacks__delete() */
struct stacks *stacks__new(void);
void stacks__delete(struct stacks *stacks);

/**
 * stacks__event, stacks__source, stacks__frame, stacks__node - find, or add
 * @parent: STACK_NONE for the outermost frame
 *
 * Names are copied and made printable.
 *
 * Return: an index, or STACK_NONE without memory.
 */
u32 stacks__event(struct stacks *stacks, const char *name);
u32 stacks__source(struct stacks *stacks, const struct stack_source *source);
u32 stacks__frame(struct stacks *stacks, const struct stack_frame *frame);
u32 stacks__node(struct stacks *stacks, u32 parent, u32 frame);

/**
 * stacks__count - one more sample
 * @at:	    which count it goes to; its numbers are not looked at
 * @period: of the sample
 *
 * Return: index of its struct stack_count, or STACK_NONE without memory.
 */
u32 stacks__count(struct stacks *stacks, const struct stack_count *at, u64 period);

/**
 * stacks__sort - all are counted: bring them in an order that is not that of the samples
 *
 * Nodes come as the tree is walked: a parent, then all below it, siblings by name; and counts
 * by their nodes. Nothing can be added from then on.
 *
 * Return: 0 or -ENOMEM.
 */
int stacks__sort(struct stacks *stacks);

/* A sample has 64 KiB at most, and there is the process. */
#define STACK_DEPTH_MAX	8192

/**
 * stacks__path - the frames of a stack
 * @node: the innermost
 * @path: gets indices of frames, outermost first
 *
 * Return: how many.
 */
u32 stacks__path(const struct stacks *stacks, u32 node, u32 path[STACK_DEPTH_MAX]);

#endif /* __PERF_GUEST_EXPORT_STACKS_H */
