// SPDX-License-Identifier: GPL-2.0
/* Restore the FPU's state, again and again: see patches/0001-ignne-races-with-vmrun.patch */
int main(void)
{
	static char state[512] __attribute__((aligned(16)));

	asm volatile("fxsave %0" : "=m" (state));
	for (;;)
		asm volatile("fxrstor %0" : : "m" (state));
}
