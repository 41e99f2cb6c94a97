// SPDX-License-Identifier: GPL-2.0
#include "guest/cmd/doctor-check.h"

void guest_check(struct guest_check *check, bool good, const char *what, const char *bad,
		 const char *remedy)
{
	if (good) {
		fprintf(check->fp, "ok       %s\n", what);
		return;
	}
	fprintf(check->fp, "PROBLEM  %s: %s\n", what, bad);
	if (remedy)
		fprintf(check->fp, "         fix: %s\n", remedy);
	check->well = false;
}
