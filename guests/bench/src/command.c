/*
 * Measures a program of another's: NAME PROGRAM ARGUMENT...
 * A round is one run, from its start to its end; the checksum is that of its
 * standard output.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

static char **command;

static uint64_t run(void)
{
	uint8_t buffer[4096];
	uint64_t sum = 0;
	int ends[2], status;
	ssize_t count;
	pid_t child;

	if (pipe(ends))
		bench_fail("pipe");
	child = fork();
	if (child < 0)
		bench_fail("fork");
	if (child == 0) {
		dup2(ends[1], 1);
		close(ends[0]);
		close(ends[1]);
		execv(command[0], command);
		perror(command[0]);
		_exit(127);
	}
	close(ends[1]);
	while ((count = read(ends[0], buffer, sizeof buffer)) > 0)
		for (ssize_t i = 0; i < count; i++)
			sum = bench_mix(sum, buffer[i]);
	close(ends[0]);
	if (waitpid(child, &status, 0) != child)
		bench_fail("waitpid");
	if (status != 0) {
		fprintf(stderr, "%s failed with status %x\n", command[0], status);
		exit(1);
	}
	return sum;
}

int main(int argc, char **argv)
{
	char *scale[] = { argv[0], "--scale", argc > 1 ? argv[1] : "" };

	if (argc < 4) {
		fprintf(stderr, "usage: %s SCALE NAME PROGRAM [ARGUMENT...]\n",
			argv[0]);
		return 2;
	}
	command = argv + 3;
	return bench_main(argv[2], 3, scale, run);
}
