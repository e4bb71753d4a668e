/* A byte goes to another process and comes back: two context switches a turn. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define TURNS 500

static int there[2], back[2];

static uint64_t bounce(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < TURNS; i++) {
		uint8_t byte = i;

		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			bench_fail("pipe");
		sum = bench_mix(sum, byte);
	}
	return sum;
}

static void echo(void)
{
	uint8_t byte;

	while (read(there[0], &byte, 1) == 1) {
		byte ^= 0x55;
		if (write(back[1], &byte, 1) != 1)
			break;
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int status;
	pid_t child;

	if (pipe(there) || pipe(back))
		bench_fail("pipe");
	child = fork();
	if (child < 0)
		bench_fail("fork");
	if (child == 0) {
		close(there[1]);
		echo();
	}
	status = bench_main("pipe", argc, argv, bounce);
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	return status;
}
