"""The words of the generated pages that no code holds."""

from __future__ import annotations

COMMANDS = (
    "`btc-pipeline` stands beside Luigi's command line, over the same tasks. It lies in `.venv/bin/`. "
    "`btc-pipeline COMMAND --help` shows the help of a command."
)

ABOUT_COMMANDS = (
    "Each command takes the [settings](settings.md) as options, too, for example `--pipeline-coins bitcoin,ethereum`. "
    "If an option is mistyped, the message says which one was probably meant. `--sample` and `--live` "
    "are short for `--pipeline-source`.",
    "`show`, `status`, `open`, `report`, `why`, `answers` and `replay` read what the last run has made: after a run "
    "with sample data, the sample. If that is not the source of luigi.cfg, a line on stderr says so. `--sample` or "
    "`--live` chooses, and so does `source = sample` in luigi.cfg; a script should always choose. `data/latest` names "
    "the workspace of the last run. Commands that run, decide or record never follow it, and neither does "
    "`show --output FILE`: programs read the file.",
    "A day is written as `2026-11-20`, or as `-7d`: seven days before today, in UTC; `7d` is the same. Luigi's own "
    "command line takes it with an equals sign, `--date=-7d`. Instants are in UTC too, such as `2026-11-20T00:40:00Z`.",
    "Results go to standard output, the log goes to stderr. If a step fails, standard output stays empty. There are "
    "colours on a terminal only, and none if `NO_COLOR` is set. [Exit codes](exit-codes.md).",
    "`status`, `show` and `doctor` change nothing and disturb no run. `doctor` only adds its one call to the call "
    "ledger, and tries the file system of the data folder on files that it removes again.",
)

EXIT_CODES = (
    "The codes are the same under `luigi`, `make run`, `btc-pipeline`, luigid and systemd. If a run fails, one line on "
    "stderr says what failed, with the facts, and what to type next. Another line says how far the run came. For "
    "example, without a network:",
)

EXIT_CODE_EXAMPLE = (
    "2026-11-24T18:22:24Z ERROR CoinGecko gave no market chart of bitcoin/usd: no answer: ConnectionError"
    " [url=https://api.coingecko.com/api/v3]. Next: check the network; offline: --pipeline-source sample"
)

_LAST, _OTHERS = "the last good version", "the last good version; of other coins the new one"

OF_EXIT_CODE = {
    0: ("", "the new version, or the same"),
    1: ("", _LAST),
    2: ("Or the data folder cannot be written. `doctor`: something that a run needs is missing.", _LAST),
    10: ("The line says which run.", "what that run makes"),
    15: ("Without one, add `--local-scheduler`.", _LAST),
    20: ("The line says why, in CoinGecko's words.", _OTHERS),
    30: ("The line names the row.", _OTHERS),
    35: ("", _OTHERS),
    40: ("", _LAST),
    50: ("", _LAST),
    60: ("", _LAST),
    70: ("", "the new version, and the last good chart"),
    129: ("", _LAST),
    130: ("", _LAST),
    143: ("", _LAST),
}
"""What the class of an error does not say of its code: more of its meaning, and what is there afterwards."""

AFTER_EXIT_CODES = (
    "A rerun continues at the step that failed.",
    "A coin that fails stops no other coin. The good coins are published. Each failed coin has a line of its own; the "
    "smallest of their codes is the code of the run. Failed coins keep their last good candles. The next run requests "
    "only these coins again.",
    "[faults.md](faults.md) lists what the API may do wrong, with the exit code of each fault. "
    "[operations.md](operations.md#from-symptom-to-action) says what to do.",
)

TABLES = (
    "These tables are in the published database, `data/live/crypto_data.duckdb` or `data/sample/crypto_data.duckdb`. "
    "They are a public contract, version {version} ([how it may change](schema-evolution.md)). All timestamps are in "
    "UTC, without a zone. [How to read them](reading-the-data.md); `btc-pipeline show --table NAME` shows one."
)

PUBLICATION = {"key": "varchar", "value": "varchar"}

WITHOUT_MODEL: dict[str, tuple[str, dict[str, str]]] = {
    "run_checks": (
        "One row per check that ran on this version.",
        {"check_name": "The check: a dbt test, or source freshness.", "outcome": "`pass` or `warn`."},
    ),
    "run_steps": (
        "One row per step that led to this version. The last one is the step before `Publish`, because the file cannot "
        "know what comes after it.",
        {
            "step": "The task's name.",
            "started_at": "When it began, UTC.",
            "seconds": "How long it took.",
            "outcome": "`done` or `failed`.",
            "facts": "What its line in the log says, as `key=value`.",
        },
    ),
    "run_settings": (
        "One row per setting of the run, without secrets and paths.",
        {
            "section": "The section of luigi.cfg.",
            "key": "The key.",
            "value": "The value; empty if it is not set.",
        },
    ),
    "run_versions": (
        "One row per package that the result depends on, and Python.",
        {"package": "Its name.", "version": "Its version."},
    ),
    "publication": (
        "One row per fact about this version. The keys: `contract`, the version of these tables; `source`, where the "
        "prices come from; `is_sample`, `true` or `false`; `run_date`, the day of the run; `first_day` and `last_day`, "
        "the days that the run was for; `made_by`, `Publish` or `Backfill`; `as_of`, the newest extraction; "
        "`published_at`; `models`, the hash of the models; `build`, the run stamp of the build; "
        "`exceptions`, number and hash of the last entry of the ledger of exceptions that it applies, `0` without one;"
        " `failures`, the last record of a failed run that it knows; `proof`, the last proof that it knows, or `none`;"
        " `proved`, what that has found.",
        {"key": "The name of the fact.", "value": "The fact, as text."},
    ),
}
