# Dictionaries, classes, generators, strings, integers of any size, floats.
import json


class Vector:
    __slots__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)


def primes():
    found = {}
    n = 2
    while True:
        factors = found.pop(n, None)
        if factors is None:
            yield n
            found[n * n] = [n]
        else:
            for factor in factors:
                found.setdefault(n + factor, []).append(factor)
        n += 1


def queens(n, row=0, columns=0, left=0, right=0):
    if row == n:
        return 1
    count = 0
    free = ~(columns | left | right) & ((1 << n) - 1)
    while free:
        bit = free & -free
        free ^= bit
        count += queens(n, row + 1, columns | bit, (left | bit) << 1, (right | bit) >> 1)
    return count


total = Vector(0, 0.0)
for i, prime in zip(range(1500), primes()):
    total += Vector(prime, 1 / prime)
print(total.x, round(total.y, 9))
print(queens(6))
print(sum(int(d) for d in str(3**2000)))
records = [{"id": i, "name": f"record {i * 7 % 101}", "parts": list(range(i % 7))} for i in range(400)]
text = json.dumps(sorted(records, key=lambda r: (r["name"], r["id"])))
print(len(text), sum(len(r["parts"]) for r in json.loads(text)))
