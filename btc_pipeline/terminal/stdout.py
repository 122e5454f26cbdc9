"""Writing on standard output: lines of styled words, in colours if the terminal shows them.

Decides nothing about what is shown. Rich is imported for a terminal only; it knows NO_COLOR and TERM=dumb.
"""

from __future__ import annotations

import errno
import os
import shutil
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TextIO

if TYPE_CHECKING:
    from rich.console import Console

Style = Literal["", "up", "down", "muted", "strong", "loud", "bad"]
StyledText = tuple[str, Style]
Line = Sequence[StyledText]

# Sky blue and vermilion (Okabe and Ito) stay apart for every kind of colour vision, on black and on white
_COLOURS: dict[Style, str] = {
    "": "",
    "up": "#56b4e9",
    "down": "#d55e00",
    "muted": "dim",
    "strong": "bold",
    "loud": "bold black on #e69f00",
    "bad": "bold #d55e00",
}
_OF_SIXTEEN: dict[Style, str] = {**_COLOURS, "up": "bright_cyan", "down": "red", "bad": "bold red"}
_WIDTH_OF_A_FILE = 100
_ASCII = str.maketrans(
    {"▲": "^", "▼": "v", "−": "-", "·": "-", "×": "x", "…": "~", "⁻": "-", "─": "-", "│": "|"}
    | dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
)


@dataclass(frozen=True)
class Screen:
    """What standard output can show."""

    width: int
    is_terminal: bool
    is_unicode: bool


def screen() -> Screen:
    """The screen that standard output is; a file or a pipe has a width that suits most."""
    stream = sys.stdout
    if stream is None or stream.closed:  # started with `>&-`
        return Screen(_WIDTH_OF_A_FILE, False, True)
    is_terminal = stream.isatty()
    width = shutil.get_terminal_size((80, 24)).columns if is_terminal else _WIDTH_OF_A_FILE
    is_unicode = (stream.encoding or "").lower().replace("-", "").replace("_", "").startswith("utf")
    return Screen(width, is_terminal, is_unicode)


def plain(lines: Iterable[Line]) -> str:
    """The lines without their styles."""
    return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)


def write(lines: Iterable[Line]) -> None:
    """Write styled lines; see `write_text`."""
    shown = list(lines)
    stream = sys.stdout
    console = _colours(stream) if stream is not None and not stream.closed and stream.isatty() else None
    if console is None:
        write_text(plain(shown))
        return
    from rich.text import Text

    colours = _OF_SIXTEEN if console.color_system == "standard" else _COLOURS
    with console.capture() as captured:
        for line in shown:
            styled = [(text, colours[style]) for text, style in line]
            console.print(Text.assemble(*styled), soft_wrap=True, highlight=False)
    write_text(captured.get().rstrip("\n"))


def write_text(text: str) -> None:
    """Write text and a line's end. It is not an error if nobody reads it any more (`| head`).

    Raises:
        OSError: it cannot be written, for example because the disk is full.
    """
    stream = sys.stdout
    if stream is None or stream.closed:
        return
    encoding = stream.encoding or "utf-8"
    if not encoding.lower().startswith("utf"):
        text = text.translate(_ASCII).encode(encoding, "replace").decode(encoding)
    try:
        stream.write(text + "\n")
        stream.flush()
    except OSError as error:
        _give_up(stream)
        if error.errno != errno.EPIPE:
            raise


def _colours(stream: TextIO) -> Console | None:
    """Rich's console; None if the terminal shows no colours, or if they are switched off."""
    from rich.console import Console

    console = Console(file=stream)
    return None if console.no_color or console.is_dumb_terminal or not console.color_system else console


def _give_up(stream: TextIO) -> None:
    """Discard what is still in the stream's buffer. Otherwise Python flushes it at its end, and exits with 120."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
