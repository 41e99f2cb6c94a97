// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/types.h>
#include "guest/export/gzip.h"
#include "guest/export/mappings.h"
#include "guest/export/pprof.h"
#include "guest/export/read.h"
#include "guest/export/stacks.h"
#include "hashmap.h"

/* Numbers of fields in profile.proto */
enum {
	PROFILE_SAMPLE_TYPE = 1, PROFILE_SAMPLE, PROFILE_MAPPING, PROFILE_LOCATION,
	PROFILE_FUNCTION, PROFILE_STRING_TABLE, PROFILE_TIME_NANOS = 9, PROFILE_DURATION_NANOS
};
enum { VALUE_TYPE_TYPE = 1, VALUE_TYPE_UNIT };
enum { SAMPLE_LOCATION_ID = 1, SAMPLE_VALUE, SAMPLE_LABEL };
enum { LABEL_KEY = 1, LABEL_STR, LABEL_NUM };
enum {
	MAPPING_ID = 1, MAPPING_MEMORY_START, MAPPING_MEMORY_LIMIT, MAPPING_FILE_OFFSET,
	MAPPING_FILENAME, MAPPING_BUILD_ID, MAPPING_HAS_FUNCTIONS
};
enum { LOCATION_ID = 1, LOCATION_MAPPING_ID, LOCATION_ADDRESS, LOCATION_LINE };
enum { LINE_FUNCTION_ID = 1 };
enum { FUNCTION_ID = 1, FUNCTION_NAME, FUNCTION_SYSTEM_NAME, FUNCTION_FILENAME };

/* How a field is encoded, in the low bits of its number */
enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

/* Bytes of a message. */
struct message {
	u8	*bytes;
	size_t	size, room;
	bool	no_memory;
};

/**
 * struct pprof
 * @strings: text to its index in the table of strings, in the order in which they were used
 * @message: that is being made, with @inner in it
 * @head:    in front of a message in the file
 */
struct pprof {
	struct export_gzip *file;
	struct hashmap	   *strings;
	struct message	   message, inner, head;
};

static void add_byte(struct message *message, u8 byte)
{
	if (message->size == message->room) {
		size_t room = message->room ? 2 * message->room : 256;
		u8 *bytes = realloc(message->bytes, room);

		if (!bytes) {
			message->no_memory = true;
			return;
		}
		message->bytes = bytes;
		message->room = room;
	}
	message->bytes[message->size++] = byte;
}

static void add_varint(struct message *message, u64 value)
{
	for (; value >= 0x80; value >>= 7)
		add_byte(message, value | 0x80);
	add_byte(message, value);
}

static void add_number(struct message *message, int field, u64 value)
{
	add_varint(message, field << 3 | WIRE_VARINT);
	add_varint(message, value);
}

static void add_bytes(struct message *message, int field, const void *bytes, size_t size)
{
	size_t i;

	add_varint(message, field << 3 | WIRE_BYTES);
	add_varint(message, size);
	for (i = 0; i < size; i++)
		add_byte(message, ((const u8 *)bytes)[i]);
}

/* @inner becomes a field, and is empty again. */
static void add_message(struct message *message, int field, struct message *inner)
{
	add_bytes(message, field, inner->bytes, inner->size);
	message->no_memory |= inner->no_memory;
	inner->size = 0;
}

/* A field of the profile itself goes to the file. */
static void write_field(struct pprof *pprof, int field, const void *bytes, size_t size)
{
	pprof->head.size = 0;
	add_varint(&pprof->head, field << 3 | WIRE_BYTES);
	add_varint(&pprof->head, size);
	export_gzip__write(pprof->file, pprof->head.bytes, pprof->head.size);
	export_gzip__write(pprof->file, bytes, size);
}

static void write_number(struct pprof *pprof, int field, u64 value)
{
	pprof->head.size = 0;
	add_number(&pprof->head, field, value);
	export_gzip__write(pprof->file, pprof->head.bytes, pprof->head.size);
}

static void write_message(struct pprof *pprof, int field)
{
	write_field(pprof, field, pprof->message.bytes, pprof->message.size);
	pprof->message.size = 0;
}

/* Where a text is in the table of strings; one that is new is written there. */
static long string(struct pprof *pprof, const char *text)
{
	long index = hashmap__size(pprof->strings);

	if (hashmap__find(pprof->strings, text, &index))
		return index;
	if (hashmap__add(pprof->strings, text, index))
		pprof->message.no_memory = true;
	write_field(pprof, PROFILE_STRING_TABLE, text, strlen(text));
	return index;
}

static void write_value_type(struct pprof *pprof, const char *type, const char *unit)
{
	add_number(&pprof->message, VALUE_TYPE_TYPE, string(pprof, type));
	add_number(&pprof->message, VALUE_TYPE_UNIT, string(pprof, unit));
	write_message(pprof, PROFILE_SAMPLE_TYPE);
}

static void write_value_types(struct pprof *pprof, const struct stacks *stacks)
{
	u32 i;

	for (i = 0; i < stacks->nr_events; i++) {
		/* of one event they are called what pprof expects */
		write_value_type(pprof, stacks->nr_events > 1 ? stacks->events[i] : "samples",
				 "count");
		write_value_type(pprof, stacks->events[i], "period");
	}
}

static void write_mapping(struct pprof *pprof, const struct mapping *mapping, u32 id)
{
	add_number(&pprof->message, MAPPING_ID, id);
	add_number(&pprof->message, MAPPING_MEMORY_START, mapping->start);
	add_number(&pprof->message, MAPPING_MEMORY_LIMIT, mapping->end);
	add_number(&pprof->message, MAPPING_FILE_OFFSET, mapping->offset);
	add_number(&pprof->message, MAPPING_FILENAME, string(pprof, mapping->dso));
	add_number(&pprof->message, MAPPING_BUILD_ID, string(pprof, mapping->build_id));
	add_number(&pprof->message, MAPPING_HAS_FUNCTIONS, true);
	write_message(pprof, PROFILE_MAPPING);
}

static void write_function(struct pprof *pprof, const struct stack_frame *frame, u32 id)
{
	long name = string(pprof, frame->name);

	add_number(&pprof->message, FUNCTION_ID, id);
	add_number(&pprof->message, FUNCTION_NAME, name);
	add_number(&pprof->message, FUNCTION_SYSTEM_NAME, name);
	add_number(&pprof->message, FUNCTION_FILENAME, string(pprof, frame->dso));
	write_message(pprof, PROFILE_FUNCTION);
}

static void write_location(struct pprof *pprof, const struct stack_frame *frame, u32 id,
			   u32 function)
{
	add_number(&pprof->message, LOCATION_ID, id);
	if (frame->mapping)
		add_number(&pprof->message, LOCATION_MAPPING_ID, frame->mapping);
	if (frame->address)
		add_number(&pprof->message, LOCATION_ADDRESS, frame->address);
	add_number(&pprof->inner, LINE_FUNCTION_ID, function);
	add_message(&pprof->message, LOCATION_LINE, &pprof->inner);
	write_message(pprof, PROFILE_LOCATION);
}

static bool is_same_function(const struct stack_frame *a, const struct stack_frame *b)
{
	return a->name == b->name && a->dso == b->dso && a->kind == b->kind;
}

/* Locations have the numbers of frames, from 1; those of a function are next to one another. */
static void write_frames(struct pprof *pprof, const struct stacks *stacks)
{
	const struct stack_frame *frames = stacks->frames;
	u32 i, function = 0;

	for (i = 0; i < stacks->nr_frames; i++) {
		if (!i || !is_same_function(&frames[i], &frames[i - 1]))
			write_function(pprof, &frames[i], ++function);
		write_location(pprof, &frames[i], i + 1, function);
	}
}

static void add_label(struct pprof *pprof, const char *key, const char *text)
{
	add_number(&pprof->inner, LABEL_KEY, string(pprof, key));
	add_number(&pprof->inner, LABEL_STR, string(pprof, text));
	add_message(&pprof->message, SAMPLE_LABEL, &pprof->inner);
}

static void add_number_label(struct pprof *pprof, const char *key, u64 number)
{
	add_number(&pprof->inner, LABEL_KEY, string(pprof, key));
	add_number(&pprof->inner, LABEL_NUM, number);
	add_message(&pprof->message, SAMPLE_LABEL, &pprof->inner);
}

/*
 * pprof drops a number that is 0, as a vCPU's may be; and -tagfocus with digits alone looks for
 * numbers.
 */
static void add_source(struct pprof *pprof, const struct stack_source *source)
{
	char vcpu[16];

	add_label(pprof, "process", source->comm);
	add_number_label(pprof, "thread", source->tid);
	if (!*source->guest) {
		add_number_label(pprof, "pid", source->pid);
		return;
	}
	add_label(pprof, "guest", source->guest);
	add_number_label(pprof, "vm_pid", source->pid);
	if (source->vcpu < 0)
		return;
	snprintf(vcpu, sizeof(vcpu), "%d", source->vcpu);
	add_label(pprof, "vcpu", vcpu);
}

static void write_sample(struct pprof *pprof, const struct recording *recording,
			 const struct stack_count *count, u32 *path)
{
	const struct stacks *stacks = recording->stacks;
	u32 i, nr = stacks__path(stacks, count->node, path);

	for (i = nr; i-- > 0;)
		add_varint(&pprof->inner, path[i] + 1);
	add_message(&pprof->message, SAMPLE_LOCATION_ID, &pprof->inner);
	for (i = 0; i < stacks->nr_events; i++) {
		add_varint(&pprof->inner, i == count->event ? count->samples : 0);
		add_varint(&pprof->inner, i == count->event ? count->period : 0);
	}
	add_message(&pprof->message, SAMPLE_VALUE, &pprof->inner);
	add_source(pprof, &stacks->sources[count->source]);
	add_label(pprof, "mode", stack_kinds[stacks->frames[path[nr - 1]].kind].name);
	if (recording->hostname)
		add_label(pprof, "host", recording->hostname);
	write_message(pprof, PROFILE_SAMPLE);
}

static void write_times(struct pprof *pprof, const struct recording *recording)
{
	if (recording->first > recording->last)
		return;
	write_number(pprof, PROFILE_TIME_NANOS, recording->first + recording->wall);
	write_number(pprof, PROFILE_DURATION_NANOS, recording->last - recording->first);
}

static void write_profile(struct pprof *pprof, const struct recording *recording, u32 *path)
{
	const struct stacks *stacks = recording->stacks;
	u32 i, nr_mappings = mappings__nr(recording->mappings);

	/* the first has to be empty */
	string(pprof, "");
	write_value_types(pprof, stacks);
	write_times(pprof, recording);
	for (i = 1; i <= nr_mappings; i++)
		write_mapping(pprof, mappings__get(recording->mappings, i), i);
	write_frames(pprof, stacks);
	for (i = 0; i < stacks->nr_counts; i++)
		write_sample(pprof, recording, &stacks->counts[i], path);
}

int export_pprof(const struct recording *recording, FILE *fp)
{
	struct pprof pprof = { .file = export_gzip__open(fp) };
	u32 *path = calloc(STACK_DEPTH_MAX, sizeof(*path));
	int err = -ENOMEM;

	pprof.strings = hashmap__new(stacks__hash_text, stacks__equal_texts, NULL);
	if (path && pprof.file && !IS_ERR(pprof.strings)) {
		write_profile(&pprof, recording, path);
		err = pprof.message.no_memory || pprof.head.no_memory ? -ENOMEM : 0;
	}
	if (pprof.file)
		err = export_gzip__close(pprof.file) ?: err;
	if (!IS_ERR(pprof.strings))
		hashmap__free(pprof.strings);
	free(pprof.message.bytes);
	free(pprof.inner.bytes);
	free(pprof.head.bytes);
	free(path);
	return err;
}
