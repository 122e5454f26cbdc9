"""The faults of the self-test that the census must see: tests that are not there, or do not say what they mean."""

from __future__ import annotations

from btc_pipeline.selftest.kinds import CensusFault, Fault

CENSUS: tuple[Fault, ...] = (
    CensusFault("dropped test", "census", "singular:assert_no_live_point_is_in_a_settled_candle"),
    CensusFault(
        "test that does not say what its failure means",
        "census",
        "singular:assert_no_live_point_is_in_a_settled_candle",
        (("meaning", ""),),
    ),
    CensusFault(
        "bug of ours that only warns",
        "census",
        "singular:assert_no_live_point_is_in_a_settled_candle",
        (("severity", "warn"),),
    ),
)
