"""Who is who: which id of the one recording stands for which of the other."""

from __future__ import annotations


class Names:
    """Learns, as two recordings of a test are read side by side, which ids stand for the same thing."""

    def __init__(self) -> None:
        self._there: dict[str, str] = {}
        self._back: dict[str, str] = {}

    def meet(self, before: str, after: str) -> bool:
        """Take two ids at the same place for the same thing.

        Args:
            before: the id in the accepted recording.
            after: the id of tonight.

        Returns:
            False when one of them is known to stand for something else.
        """
        before, after = before.lower(), after.lower()
        if before not in self._there and after not in self._back:
            self._there[before], self._back[after] = after, before
        return self._there.get(before) == after

    def after(self, before: str) -> str | None:
        """What stands tonight for the id ``before``, in lower case; ``None`` when nobody has met it."""
        return self._there.get(before.lower())

    def before(self, after: str) -> str | None:
        """What stood for tonight's id ``after``, in lower case; ``None`` when nobody has met it."""
        return self._back.get(after.lower())
