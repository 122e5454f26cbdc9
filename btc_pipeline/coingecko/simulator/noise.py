"""Hash noise: random-looking numbers, and smooth noise, from the hash of a key. The synthetic market is made of it.

It is the same in every process, on every machine, in any order of calls. Imports nothing of the project, keeps no
state.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import blake2b
from struct import unpack


def uniform(*key: object) -> float:
    """A number in [0, 1) that depends on the key only. Python's `hash()` would differ from process to process."""
    return (int.from_bytes(blake2b(repr(key).encode(), digest_size=8).digest(), "big") >> 11) / 2**53


def uniforms(key: tuple[object, ...], numbers: Collection[int]) -> list[float]:
    """`uniform(*key, number)` for each number, at half the cost; the key has two parts or more and is hashed once."""
    common, digests = blake2b(f"{repr(key)[:-1]}, ".encode(), digest_size=8), []
    for number in numbers:
        hashed = common.copy()
        hashed.update(b"%d)" % number)
        digests.append(hashed.digest())
    return [(digest >> 11) / 2**53 for digest in unpack(f">{len(digests)}Q", b"".join(digests))]


def noises(key: tuple[object, ...], places: Sequence[int], period: int) -> list[float]:
    """Value noise in [-1, 1] at the places: random at multiples of the period, a smooth step (3 t² - 2 t³) in between.

    Both places and period are whole numbers of one unit, here milliseconds.
    """
    parts = [divmod(place, period) for place in places]
    nodes = {node for node, _ in parts}
    nodes |= {node + 1 for node in nodes}
    value = {node: 2 * share - 1 for node, share in zip(nodes, uniforms((*key, period), nodes), strict=True)}
    return [
        (left := value[node]) + (value[node + 1] - left) * (t := rest / period) * t * (3 - 2 * t)
        for node, rest in parts
    ]
