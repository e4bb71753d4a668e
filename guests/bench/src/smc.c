/*
 * Self-modifying code: a function of 16 additions whose constants are written
 * anew, which is then called. The data beside it changes all the time.
 */
#include <sys/mman.h>

#include "bench.h"

#define REWRITES 200
#define CALLS 8
#define STEPS 16

struct page {
	uint32_t code[4 * STEPS];
	uint64_t data[64];
};

static struct page *page;

/* Writes a function that returns its argument plus `add` in each step. */
static void encode(uint32_t *code, uint32_t add)
{
#if defined(__riscv)
	for (int i = 0; i < STEPS; i++)
		*code++ = 0x00050513 | ((add + i) & 0x7ff) << 20; /* addi a0, a0, n */
	*code = 0x00008067; /* ret */
#elif defined(__aarch64__)
	for (int i = 0; i < STEPS; i++)
		*code++ = 0x91000000 | ((add + i) & 0x7ff) << 10; /* add x0, x0, #n */
	*code = 0xd65f03c0; /* ret */
#elif defined(__x86_64__)
	uint8_t *at = (uint8_t *)code;
	static const uint8_t enter[] = { 0x48, 0x89, 0xf8 }; /* mov rax, rdi */

	memcpy(at, enter, sizeof enter);
	at += sizeof enter;
	for (int i = 0; i < STEPS; i++) {
		uint32_t n = (add + i) & 0x7ff;

		*at++ = 0x48, *at++ = 0x05; /* add rax, n */
		memcpy(at, &n, sizeof n);
		at += sizeof n;
	}
	*at = 0xc3; /* ret */
#else
#error "no encoder for this architecture"
#endif
}

static uint64_t modify(void)
{
	uint64_t (*function)(uint64_t) = (uint64_t(*)(uint64_t))page->code;
	uint64_t x = 0;

	for (uint32_t i = 0; i < REWRITES; i++) {
		encode(page->code, i * 5);
		__builtin___clear_cache((char *)page->code,
					(char *)(page->code + 4 * STEPS));
		for (int k = 0; k < CALLS; k++) {
			x = function(x);
			page->data[x & 63] = x;
		}
	}
	return bench_mix(x, page->data[5]);
}

int main(int argc, char **argv)
{
	page = mmap(NULL, sizeof *page, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		bench_fail("mmap");
	return bench_main("smc", argc, argv, modify);
}
