/* CRC-32 by a table, a byte at a time: a chain of dependent loads. */
#include "bench.h"

static uint8_t data[1 << 20];
static uint32_t table[256];

static uint64_t crc(void)
{
	uint32_t sum = ~0u;

	for (size_t i = 0; i < sizeof data; i++)
		sum = table[(sum ^ data[i]) & 255] ^ sum >> 8;
	return (uint32_t)~sum;
}

int main(int argc, char **argv)
{
	uint64_t seed = 2;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320 : 0);
	}
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = bench_random(&seed);
	return bench_main("crc32", argc, argv, crc);
}
