# SPDX-License-Identifier: GPL-2.0
# perf with guest callchains.

perf_flags := NO_CAPSTONE=1 NO_LIBLLVM=1 NO_LIBBABELTRACE=1 NO_LIBPFM4=1 NO_JVMTI=1 \
	      WERROR=0 PYTHON=/usr/bin/python3 PYTHON_CONFIG=/usr/bin/python3-config

# where perf looks for its programs is built in
PREFIX	?= /usr/local
perf_make = $(MAKE) -C $(linux)/tools/perf O=$(build)/perf/ prefix=$(PREFIX) $(perf_paths) $(perf_flags)

perf: prepare		## build perf (build/perf/perf)
	@mkdir -p $(build)/perf
	@PROGRESS_LINES=900 $(progress) "perf: building" $(build)/perf/build.log \
		$(perf_make) -j$(jobs)
	@echo "perf: $(build)/perf/perf"

# perf's own installation, the name under which another perf finds us, the manual pages that
# are ours or changed, and a completion that knows the options of perf kvm-callchain
install: perf man	## install perf under PREFIX (/usr/local), DESTDIR
	@$(perf_make) DESTDIR=$(DESTDIR) install-bin > $(build)/perf/install.log 2>&1 || \
		{ tail -30 $(build)/perf/install.log; exit 1; }
	@ln -sf perf $(DESTDIR)$(PREFIX)/bin/perf-kvm-callchain
	@install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man1 $(pages)
	@install -D -m 644 $(completion) $(completions)/perf-kvm-callchain
	@cat $(linux)/tools/perf/perf-completion.sh $(completion) > $(completions)/perf
	@rm $(DESTDIR)$(patsubst /usr/etc,/etc,$(PREFIX)/etc)/bash_completion.d/perf
	@echo "installed $(DESTDIR)$(PREFIX)/bin/perf"

completion := tools/perf/perf-kvm-callchain-completion.sh
completions = $(DESTDIR)$(PREFIX)/share/bash-completion/completions

pages := $(addprefix $(build)/man/,perf-kvm-callchain.1 $(shell sed -n \
	's|^+++ b/tools/perf/Documentation/\(perf-.*\)\.txt$$|\1.1|p' tools/perf/patches/*.patch))

# asciidoc wants Debian's Python
man: prepare		## build the manual pages (build/man)
	@mkdir -p $(build)/man
	@PATH=/usr/bin:$$PATH $(MAKE) -C $(linux)/tools/perf/Documentation OUTPUT=$(build)/man/ \
		$(pages) > $(build)/man/build.log 2>&1 || { tail -30 $(build)/man/build.log; exit 1; }
	@ls $(pages)

SUITES += perf
SLOW_SUITES += perf-unmodified

test-perf: perf
	@scripts/perf-test.sh $(build)/perf/perf "Guest callchain"; status=$$?; \
		scripts/rooms-test.sh || status=1; scripts/install-test.sh && exit $$status

# what passes with Debian's perf passes with ours, and that reads our recordings
test-perf-unmodified: perf
	@PERF_FLAGS="$(perf_flags)" scripts/perf-test-compare.sh $(build)/perf/perf; status=$$?; \
		OTHER_PERF=$(build)/stock-perf/perf scripts/perf-test.sh $(build)/perf/perf \
			"recording that another perf reads" && exit $$status

.PHONY: perf install man test-perf test-perf-unmodified

include tools/perf/guest-orc.mk
include tools/perf/guest-memory.mk
