"""What the film shows: five scenes, each of layers from the sky to what is nearest.

A layer is painted pixel by pixel with ``geq`` (X, Y: the pixel; W, H: its size).
"""

from dataclasses import dataclass

WIDTH, HEIGHT = 854, 480


@dataclass(frozen=True, slots=True)
class Layer:
    """``rgb`` and ``alpha`` are geq expressions for 0..255; speeds in pixels a second."""

    rgb: tuple[str, str, str]
    alpha: str = "255"
    width: int = WIDTH
    height: int = HEIGHT
    left: int = 0
    top: int = 0
    speed_x: float = 0
    speed_y: float = 0


def _noise(number: str) -> str:
    """A fixed pseudo-random value in [0, 1) for a number."""
    return f"mod(abs(sin(({number})*12.9898)*43758.5453),1)"


def _colour(hexadecimal: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(hexadecimal)
    return red, green, blue


def _plain(hexadecimal: str) -> tuple[str, str, str]:
    red, green, blue = _colour(hexadecimal)
    return str(red), str(green), str(blue)


def _sky(top: str, bottom: str) -> Layer:
    red, green, blue = (
        f"{high}+({low - high})*pow(Y/H,0.8)"
        for high, low in zip(_colour(top), _colour(bottom), strict=True)
    )
    return Layer((red, green, blue))


def _glow(
    colour: str, *, size: int, left: int, top: int, strength: int = 230, rises: float = 0
) -> Layer:
    distance = f"((X-{size // 2})*(X-{size // 2})+(Y-{size // 2})*(Y-{size // 2}))"
    alpha = f"{strength}*max(0,exp(-{distance}/{(size / 6) ** 2:.0f})-0.011)"
    return Layer(_plain(colour), alpha, size, size, left, top, 0, rises)


def _disc(colour: str, *, size: int, left: int, top: int, drifts: float = 0) -> Layer:
    """A planet lit from the upper left."""
    half = size / 2
    alpha = f"255*clip({half - 1}-hypot(X-{half},Y-{half}),0,1)"
    light = f"clip(1.15-hypot(X-{half * 0.65},Y-{half * 0.65})/{half * 1.35},0.12,1)"
    red, green, blue = (f"{part}*{light}" for part in _colour(colour))
    return Layer((red, green, blue), alpha, size, size, left, top, drifts)


def _ridge(
    colour: str, *, base: int, heights: tuple[int, int], phase: float, speed: float
) -> Layer:
    """Hills: everything under two summed waves."""
    slow, fast = heights
    edge = f"({base}-{slow}*sin(X/97+{phase})-{fast}*sin(X/31+{phase * 2}))"
    return Layer(
        _plain(colour), f"255*clip(Y-{edge},0,1)", width=WIDTH + int(speed * 30), speed_x=speed
    )


def _firs(colour: str, *, base: int, spacing: int, tall: int, seed: int, speed: float) -> Layer:
    """A row of fir trees: triangles of random height with ragged branches."""
    height = f"{tall}*(0.55+0.45*{_noise(f'floor(X/{spacing})+{seed}')})"
    side = f"abs(2*mod(X,{spacing})/{spacing}-1)"
    ragged = "0.16*mod(Y,22)/22"
    edge = f"({base}-({height})*(1-({side}-{ragged})*1.15))"
    alpha = f"255*clip(max(Y-{edge},Y-{base}),0,1)"
    return Layer(_plain(colour), alpha, width=WIDTH + int(speed * 30), speed_x=speed)


def _wave(colour: str, *, base: int, phase: float, speed: float, strength: int) -> Layer:
    edge = f"({base}+12*sin(X/70+{phase})+6*sin(X/23+{phase * 3}))"
    alpha = f"{strength}*clip((Y-{edge})/3,0,1)"
    left = 0 if speed >= 0 else int(speed * 30)
    width = WIDTH + int(abs(speed) * 30)
    return Layer(_plain(colour), alpha, width=width, left=left, speed_x=speed)


def _dots(
    colour: str, *, cell: int, radius: float, share: float, seed: int, speed: tuple[float, float]
) -> Layer:
    """Soft dots, at most one in a cell of the grid: stars, bubbles, fireflies."""
    key = f"floor(X/{cell})+57*floor(Y/{cell})+{seed}"
    # st/ld: where the dot sits inside its cell, and how large it is
    sits_x = f"st(0,{cell}*(0.25+0.5*{_noise(key)}))"
    sits_y = f"st(1,{cell}*(0.25+0.5*{_noise(f'({key})*1.7')}))"
    size = f"st(2,{radius}*(0.5+{_noise(f'({key})*2.3')}))"
    distance = f"hypot(mod(X,{cell})-ld(0),mod(Y,{cell})-ld(1))"
    shown = f"lt({_noise(f'({key})*3.1')},{share})"
    alpha = f"{sits_x}*0+{sits_y}*0+{size}*0+255*{shown}*exp(-pow({distance}/ld(2),2))"
    speed_x, speed_y = speed
    return Layer(
        _plain(colour),
        alpha,
        width=WIDTH + int(speed_x * 30),
        height=HEIGHT + int(speed_y * 30),
        speed_x=speed_x,
        speed_y=speed_y,
    )


def _skyline(
    colour: str, lit: str, *, base: int, block: int, tall: int, seed: int, speed: float
) -> Layer:
    """Houses of random height, some of their windows lit."""
    roof = f"({base}-{tall}*{_noise(f'floor(X/{block})+{seed}')})"
    window = "gt(mod(X,13),5)*gt(mod(Y,17),8)"
    chosen = f"gt({_noise(f'floor(X/13)+31*floor(Y/17)+{seed}')},0.72)"
    inside = f"gt(Y,{roof}+10)*lt(mod(X,{block}),{block - 5})*gt(mod(X,{block}),5)"
    glows = f"{window}*{chosen}*{inside}"
    red, green, blue = (
        f"{dark}+{light - dark}*{glows}"
        for dark, light in zip(_colour(colour), _colour(lit), strict=True)
    )
    alpha = f"255*gt(Y,{roof})"
    return Layer((red, green, blue), alpha, width=WIDTH + int(speed * 30), speed_x=speed)


# -- scenes --------------------------------------------------------------------------------------


def morning() -> list[Layer]:
    return [
        _sky("3f5f93", "f9c784"),
        _glow("fff0c0", size=520, left=360, top=60, rises=4),
        _ridge("8f86a6", base=300, heights=(38, 9), phase=0.4, speed=3),
        _ridge("5f6a8c", base=352, heights=(30, 7), phase=2.1, speed=7),
        _ridge("2f3d56", base=418, heights=(24, 6), phase=4.0, speed=14),
    ]


def wild() -> list[Layer]:
    return [
        _sky("7fa37a", "e6e0a8"),
        _firs("6f9a78", base=372, spacing=46, tall=170, seed=3, speed=4),
        _firs("3f6e55", base=410, spacing=72, tall=235, seed=11, speed=9),
        _dots("fff6b0", cell=120, radius=5, share=0.5, seed=5, speed=(6, 5)),
        _firs("1c3b32", base=452, spacing=118, tall=300, seed=29, speed=18),
    ]


def water() -> list[Layer]:
    return [
        _sky("bfe3ea", "4aa3b8"),
        _glow("ffffff", size=420, left=120, top=-90, strength=190),
        _wave("3d94ad", base=190, phase=0.2, speed=10, strength=200),
        _wave("27708f", base=250, phase=1.9, speed=-14, strength=205),
        _wave("174f70", base=318, phase=3.1, speed=20, strength=215),
        _dots("d9f4ff", cell=96, radius=4, share=0.35, seed=17, speed=(2, 11)),
        _wave("0c304c", base=400, phase=5.0, speed=-26, strength=235),
    ]


def city() -> list[Layer]:
    return [
        _sky("2b2350", "f08a5d"),
        _glow("ffe9c9", size=300, left=560, top=20, strength=220),
        _skyline("6b4a78", "8a6488", base=330, block=58, tall=150, seed=7, speed=4),
        _skyline("41305c", "ffd58a", base=400, block=83, tall=190, seed=19, speed=9),
        _skyline("1d1735", "ffc46b", base=470, block=121, tall=170, seed=41, speed=18),
    ]


def night() -> list[Layer]:
    return [
        _sky("050818", "1c2a52"),
        _glow("4a4f9c", size=900, left=-120, top=-260, strength=110),
        _dots("cfd8ff", cell=44, radius=1.3, share=0.6, seed=2, speed=(2, 0.6)),
        _dots("ffffff", cell=110, radius=2.2, share=0.6, seed=9, speed=(5, 1.5)),
        _disc("d9a066", size=190, left=610, top=190, drifts=5),
        _disc("9fb4c7", size=54, left=470, top=120, drifts=9),
        _ridge("0a0d1c", base=448, heights=(14, 4), phase=1.2, speed=11),
    ]


SCENES = (morning, wild, water, city, night)
