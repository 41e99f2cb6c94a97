# SPDX-License-Identifier: GPL-2.0
# The unwinder in user space: its kernel files against made-up guests.

unwind_out	:= $(build)/unwind
unwind_files	:= $(wildcard kernel/unwind/*.c)
unwind_headers	:= $(wildcard kernel/unwind/*.h kernel/unwind/tests/*.h) \
		   kernel/include/uapi/linux/perf_guest_callchain.h
unwind_tests	:= $(wildcard kernel/unwind/tests/test_*.c) kernel/unwind/tests/made_guest.c
unwind_flags	:= -std=gnu11 -O1 -g -Wall -Wextra -Werror -Ikernel/include/uapi \
		   -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZ_SECONDS	?= 600

$(unwind_out)/test_unwind: $(unwind_files) $(unwind_tests) $(unwind_headers)
	@mkdir -p $(@D)
	@$(CC) $(unwind_flags) $(unwind_files) $(unwind_tests) -o $@

$(unwind_out)/fuzz_unwind: $(unwind_files) kernel/unwind/tests/fuzz_unwind.c $(unwind_headers)
	@mkdir -p $(@D)
	@clang $(unwind_flags) -fsanitize=fuzzer $(unwind_files) \
		kernel/unwind/tests/fuzz_unwind.c -o $@

$(unwind_out)/fuzz_stack_words: $(unwind_files) kernel/unwind/tests/fuzz_stack_words.c $(unwind_headers)
	@mkdir -p $(@D)
	@clang $(unwind_flags) -fsanitize=fuzzer $(unwind_files) \
		kernel/unwind/tests/fuzz_stack_words.c -o $@

# $(call stack_words_fuzz,SECONDS)
define stack_words_fuzz
	@mkdir -p $(unwind_out)/stack-words
	@if $(unwind_out)/fuzz_stack_words -max_total_time=$(1) -max_len=8192 -timeout=5 \
		-artifact_prefix=$(unwind_out)/ $(unwind_out)/stack-words \
		> $(unwind_out)/fuzz-stack-words.log 2>&1; then \
		echo "ok fuzz: $(1) s of made-up stacks"; \
	else \
		tail -40 $(unwind_out)/fuzz-stack-words.log; \
		echo "not ok fuzz: $(1) s of made-up stacks"; exit 1; \
	fi
endef

# $(call unwind_fuzz,SECONDS): what a run finds worth keeping is in corpus/, an
# input that breaks the unwinder is left in crash-*
define unwind_fuzz
	@mkdir -p $(unwind_out)/seeds $(unwind_out)/corpus
	@$(unwind_out)/test_unwind $(unwind_out)/seeds > /dev/null
	@if $(unwind_out)/fuzz_unwind -max_total_time=$(1) -max_len=8192 -timeout=5 \
		-artifact_prefix=$(unwind_out)/ -print_final_stats=1 \
		$(unwind_out)/corpus $(unwind_out)/seeds > $(unwind_out)/fuzz.log 2>&1; then \
		sed -n 's/^stat::number_of_executed_units: */# walks: /p' $(unwind_out)/fuzz.log; \
		echo "ok fuzz: $(1) s of made-up guests"; \
	else \
		tail -40 $(unwind_out)/fuzz.log; echo "not ok fuzz: $(1) s of made-up guests"; exit 1; \
	fi
endef

test-unwind: $(unwind_out)/test_unwind $(unwind_out)/fuzz_unwind $(unwind_out)/fuzz_stack_words
	@$(unwind_out)/test_unwind
	$(call unwind_fuzz,20)
	$(call stack_words_fuzz,10)

fuzz: $(unwind_out)/test_unwind $(unwind_out)/fuzz_unwind $(unwind_out)/fuzz_stack_words	## fuzz the unwinder for FUZZ_SECONDS (600)
	$(call unwind_fuzz,$(FUZZ_SECONDS))
	$(call stack_words_fuzz,$(FUZZ_SECONDS))

SUITES += unwind

.PHONY: test-unwind fuzz
