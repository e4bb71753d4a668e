/*
 * A bytecode interpreter whose every operation jumps to the next through a
 * table of labels, as those of Python, Lua and Ruby do.
 */
#include "bench.h"

#define NUMBERS 3000

enum { LOAD, MOVE, ADD, ADDI, MUL3, HALF, AND1, XOR, JZ, JNZ, JLT, JUMP, STOP };

struct op {
	uint8_t code, a, b, c;
	int32_t value;
};

/*
 * For each n below the limit, how many steps the Collatz sequence takes.
 * Registers: 0 n, 1 limit, 2 x, 3 steps, 4 sum, 5 and 6 scratch.
 */
static const struct op program[] = {
	{ LOAD, 0, 0, 0, 1 },
	{ LOAD, 1, 0, 0, NUMBERS },
	{ LOAD, 4, 0, 0, 0 },
	/* 3: the next n */
	{ MOVE, 2, 0, 0, 0 },
	{ LOAD, 3, 0, 0, 0 },
	/* 5: the next step, until x is 1 */
	{ ADDI, 5, 2, 0, -1 },
	{ JZ, 5, 0, 0, 14 },
	{ ADDI, 3, 3, 0, 1 },
	{ AND1, 6, 2, 0, 0 },
	{ JNZ, 6, 0, 0, 12 },
	{ HALF, 2, 2, 0, 0 },
	{ JUMP, 0, 0, 0, 5 },
	/* 12: odd */
	{ MUL3, 2, 2, 0, 1 },
	{ JUMP, 0, 0, 0, 5 },
	/* 14: x is 1 */
	{ XOR, 5, 3, 0, 0 },
	{ ADD, 4, 4, 5, 0 },
	{ ADDI, 0, 0, 0, 1 },
	{ JLT, 0, 1, 0, 3 },
	{ STOP, 4, 0, 0, 0 },
};

static uint64_t interpret(void)
{
	static const void *const labels[] = {
		&&load, &&move, &&add,	&&addi, &&mul3, &&half, &&and1,
		&&xor,	&&jz,	&&jnz,	&&jlt,	&&jump, &&stop,
	};
	uint64_t r[8] = { 0 };
	const struct op *op = program;

#define NEXT goto *labels[(++op)->code]
#define GO(to) \
	do { \
		op = program + (to); \
		goto *labels[op->code]; \
	} while (0)

	goto *labels[op->code];
load:
	r[op->a] = op->value;
	NEXT;
move:
	r[op->a] = r[op->b];
	NEXT;
add:
	r[op->a] = r[op->b] + r[op->c];
	NEXT;
addi:
	r[op->a] = r[op->b] + op->value;
	NEXT;
mul3:
	r[op->a] = r[op->b] * 3 + op->value;
	NEXT;
half:
	r[op->a] = r[op->b] / 2;
	NEXT;
and1:
	r[op->a] = r[op->b] & 1;
	NEXT;
xor:
	r[op->a] = r[op->b] ^ r[op->c];
	NEXT;
jz:
	if (r[op->a] == 0)
		GO(op->value);
	NEXT;
jnz:
	if (r[op->a] != 0)
		GO(op->value);
	NEXT;
jlt:
	if (r[op->a] < r[op->b])
		GO(op->value);
	NEXT;
jump:
	GO(op->value);
stop:
	return r[op->a];
}

int main(int argc, char **argv)
{
	return bench_main("interp", argc, argv, interpret);
}
