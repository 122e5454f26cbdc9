"""All facts about a setting, in one row; the fields of `Settings` and of `ChartSettings` are the rows.

Pure: knows neither Luigi nor luigi.cfg. Validation, options, luigi.cfg, its page in docs/ and the public view are made
from the rows.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, ParamSpec, TypeVar

from btc_pipeline.market import instants
from btc_pipeline.settings.plans import KEYLESS

Value = TypeVar("Value")
Given = ParamSpec("Given")

VARS_STEP = "Transform"
"""The step that gives the settings which are dbt vars to the models, and so depends on each of them."""


def as_text(value: object) -> str:
    """A value as luigi.cfg would have it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return instants.text(value) if isinstance(value, datetime) else str(value)


@dataclass(frozen=True, eq=False, repr=False)
class SettingRow(Generic[Value]):
    """One setting. Texts are Markdown: `code` in backticks."""

    section: str
    default: str
    """As luigi.cfg has it; empty: it is not set."""
    read: Callable[[str], Value]
    """From the text of luigi.cfg to the value; a ValueError says why it is refused."""
    meaning: str
    allowed: str = ""
    """Which values are allowed, in words; if `read` has bounds, its own words."""
    by_plan: Mapping[str, str] = field(default_factory=dict)
    """What holds under each plan if the setting is not set."""

    steps: tuple[str, ...] = ()
    """The steps that make something else if it changes; none: no data depends on it."""
    counts_as: str = ""
    """The attribute of `Settings` through which these steps depend on it; empty: its own."""
    dbt_var: str = ""
    """The var of dbt_project.yml, and the attribute of `Settings`, that gives it to the models and their tests."""
    effect: str = ""
    """What happens if it changes, as a sentence; empty: `steps` say it."""

    hidden: str = ""
    """Why the published tables do not show it; empty: they do."""
    shown: Callable[[Any], str] = as_text
    """How they show it."""
    may_hold_key: bool = False
    """Whether somebody may write a key into it; then no message shows what could be one."""

    key: str = ""
    """Its name in luigi.cfg; empty: that of its field."""
    attribute: str = ""
    """Its place in `Settings`, e.g. `chart.style`; known to `rows_of`."""

    @property
    def option(self) -> str:
        """Its name on the command line."""
        return f"--{self.section}-{self.key}".replace("_", "-")

    @property
    def help(self) -> str:
        """Its meaning and bounds, as plain text."""
        return f"{self.meaning} {self.bounds}".replace("`", "").strip()

    @property
    def bounds(self) -> str:
        """One or two sentences of what is allowed, and of what holds if it is not set."""
        allowed = self.allowed or str(getattr(self.read, "allowed", ""))
        of_plans = ", ".join(f"{value} ({plan})" for plan, value in self.by_plan.items())
        sentences = [f"Allowed: {allowed}." if allowed else "", f"If it is not set: {of_plans}." if of_plans else ""]
        return " ".join(filter(None, sentences))

    @property
    def all_steps(self) -> tuple[str, ...]:
        """The steps that depend on it, the one that gives it to the models included."""
        return (*self.steps, VARS_STEP) if self.dbt_var else self.steps

    def value(self, text: str, plan: str) -> Value:
        """The value of a text under a plan.

        Raises:
            ValueError: it is not allowed; says why.
        """
        return self.read(text or self.by_plan.get(plan, ""))

    def counted_by(self, step: str) -> str:
        """The attribute of `Settings` by which a step depends on it; empty: it does not."""
        if self.dbt_var and step == VARS_STEP:
            return self.dbt_var
        return (self.counts_as or self.attribute) if step in self.steps else ""

    def public(self, value: object) -> str:
        """How the published tables show a value; empty: it is not set."""
        return "" if value is None else self.shown(value)


def _field_of(row: Callable[Given, SettingRow[Value]]) -> Callable[Given, Value]:
    def declared(*args: Given.args, **kwargs: Given.kwargs) -> Value:
        made = row(*args, **kwargs)
        return field(default_factory=lambda: made.value(made.default, KEYLESS), metadata={"row": made})

    return declared


setting = _field_of(SettingRow)
"""A field of a dataclass that is a setting, from what its `Row` takes. Its default is what holds without luigi.cfg."""


def rows_of(settings: type[Any], within: str = "") -> tuple[SettingRow[Any], ...]:
    """The rows of a dataclass, in the order of its fields; `within` is its own place in `Settings`."""
    return tuple(
        dataclasses.replace(row, key=row.key or each.name, attribute=f"{within}.{each.name}".lstrip("."))
        for each in dataclasses.fields(settings)
        if (row := each.metadata.get("row"))
    )
