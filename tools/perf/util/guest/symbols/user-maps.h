/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which files the user code of a guest is of, and the functions in these.
 */
#ifndef __PERF_GUEST_USER_MAPS_H
#define __PERF_GUEST_USER_MAPS_H

#include <stdbool.h>
#include <linux/types.h>

struct dso;
struct guest_mapping;
struct guest_processes;
struct machine;
struct thread;

/**
 * guest_thread__name - let the threads of a guest have its name, and its user code be found
 * @machine: the guest's
 * @thread:  of a sample; nothing if it has a name
 */
void guest_thread__name(struct machine *machine, struct thread *thread);

/**
 * guest_user_maps__add - let user addresses of a guest be found in its processes' files
 * @machine: the guest's
 * @thread:  of it: all its threads have the same maps
 *
 * Does nothing if they are known already, or if there are none beside the recording.
 */
void guest_user_maps__add(struct machine *machine, struct thread *thread);

/**
 * guest_user_maps__merge - one address space of all of a guest's processes'
 * @mappings: gets them by address, to be freed by the caller
 *
 * A sample does not say which process it is of. What differs from process to process at
 * an address is left out; with randomized addresses, that is next to nothing.
 *
 * Return: how many there are; a negative error.
 */
int guest_user_maps__merge(const struct guest_processes *p, struct guest_mapping **mappings);

#endif /* __PERF_GUEST_USER_MAPS_H */
