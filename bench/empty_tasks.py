"""The yardstick of a rerun with nothing to do: five Luigi tasks in a chain that do nothing."""

import luigi


class First(luigi.Task):
    """Done when it has run."""

    is_done = False

    def run(self) -> None:
        """Nothing."""
        type(self).is_done = True

    def complete(self) -> bool:
        """Whether it has run, in this process."""
        return self.is_done


class Second(First):
    """As First."""

    def requires(self) -> luigi.Task:
        """The task before."""
        return First()


class Third(First):
    """As First."""

    def requires(self) -> luigi.Task:
        """The task before."""
        return Second()


class Fourth(First):
    """As First."""

    def requires(self) -> luigi.Task:
        """The task before."""
        return Third()


class Fifth(First):
    """As First."""

    def requires(self) -> luigi.Task:
        """The task before."""
        return Fourth()
