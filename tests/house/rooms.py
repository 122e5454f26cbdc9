"""`make rooms`: which room of the package imports which, from the ground up. Run as `python -m tests.house.rooms`."""

from tests.house.test_layers import GRAPH, ROOMS


def main():
    for room in ROOMS:
        print(f"{room:20} imports {', '.join(each for each in ROOMS if each in GRAPH[room]) or 'nothing'}")
    arrows = sum(map(len, GRAPH.values()))
    upward = [(room, each) for room in ROOMS for each in GRAPH[room] if ROOMS.index(each) >= ROOMS.index(room)]
    print(f"\n{len(ROOMS)} rooms, {arrows} arrows, {len(upward)} of them upward")


if __name__ == "__main__":
    main()
