"""The chart's styles: everybody can read them, and they change colours alone."""

from dataclasses import fields

import numpy as np
import pytest
from matplotlib import colors
from matplotlib.text import Text

from btc_pipeline.settings import charts
from btc_pipeline.visualize.chart.coin_chart import build_figure
from btc_pipeline.visualize.chart.palette import PALETTES
from tests.visualize.chart.test_coin_chart import CHARTS, FACTS, SAMPLE_FACTS, week, with_gid

every_style = pytest.mark.parametrize("style", PALETTES)

TEXTS = ("ink", "muted", "faint", "flat", "up_text", "down_text", "alert")

# Machado, Oliveira and Fernandes (2009), severity 1, on linear RGB.
DEFICIENCIES = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
WHITE = [0.95047, 1.0, 1.08883]


def linear(colour):
    rgb = np.array(colors.to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(colour):
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    """Of WCAG 2: from 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb):
    xyz = np.array(TO_XYZ) @ np.clip(rgb, 0, 1) / WHITE
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance_seen(one, other, deficiency):
    """How far apart two colours are for such eyes, in CIELAB; 2 is just noticed, black and white are 100 apart."""
    matrix = np.array(DEFICIENCIES[deficiency])
    return np.linalg.norm(lab(matrix @ linear(one)) - lab(matrix @ linear(other)))


def test_each_style_that_can_be_set_has_its_palette():
    assert set(PALETTES) == set(charts.STYLES)


@every_style
@pytest.mark.parametrize("ground", ["paper", "gap"])
def test_style_texts_can_be_read_on_what_they_stand_on(style, ground):
    palette = PALETTES[style]
    on_gaps = ("faint", "ink") if ground == "gap" else TEXTS
    assert {text: contrast(getattr(palette, text), getattr(palette, ground)) for text in on_gaps} == {
        text: pytest.approx(12.75, abs=8.25)
        for text in on_gaps  # 4.5 to 21
    }


@every_style
def test_style_candles_and_averages_stand_out(style):
    palette = PALETTES[style]
    drawn = (palette.up, palette.down, palette.flat, *palette.averages)
    assert min(contrast(colour, palette.paper) for colour in drawn) >= 3


@pytest.mark.parametrize("style", ["light", "dark"])
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_style_tells_up_from_down_to_the_colour_blind(style, deficiency):
    palette = PALETTES[style]
    assert distance_seen(palette.up, palette.down, deficiency) > 40


def test_mono_tells_up_from_down_by_lightness_alone():
    palette = PALETTES["mono"]
    assert contrast(palette.up, palette.down) > 3
    greys = [getattr(palette, field.name) for field in fields(palette) if field.name != "averages"]
    assert all(len(set(colors.to_rgb(colour))) == 1 for colour in [*greys, *palette.averages])


@every_style
def test_style_texts_drawn_have_colours_of_its_palette_alone(style):
    palette = PALETTES[style]
    known = {*(getattr(palette, text) for text in TEXTS), palette.paper}
    drawn = {
        colors.to_hex(text.get_color()).upper()
        for text in build_figure(week(), SAMPLE_FACTS, style).findobj(Text)
        if text.get_text().strip() and text.get_visible()
    }
    assert drawn <= {colour.upper() for colour in known}


@every_style
def test_style_draws_candles_in_its_own_colours(style):
    palette = PALETTES[style]
    figure = build_figure(week(), FACTS, style)
    (settled,) = with_gid(figure, "final-bodies")
    assert colors.to_hex(figure.get_facecolor()).upper() == palette.paper
    assert {colors.to_hex(face).upper() for face in settled.get_facecolors()[:7]} == {palette.up, palette.down}


def test_style_changes_no_word():
    texts = [
        sorted(text.get_text() for text in build_figure(*CHARTS["all bad"], style).findobj(Text)) for style in PALETTES
    ]
    assert texts[0] == texts[1] == texts[2]
