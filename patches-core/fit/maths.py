"""Fits the coefficients in src/maths.rs and measures each function as the library evaluates it, in 32-bit floats.

Run `python3 maths.py` in this folder; it needs numpy only and takes about a minute.
"""

import numpy as np
from minimax import F, chebyshev_grid, horner, rational, remez, rounded, show

rng = np.random.default_rng(1)


def powers(y, n):
    return np.stack([y**i for i in range(n)], axis=1)


def sin_cycles():
    # sin(2 pi x) = x * (1/4 - x^2) * P(x^2): the zeros at 0 and +-1/2 are exact. Absolute error on |x| <= 1/2.
    x = chebyshev_grid(1e-6, 0.5 - 1e-6)
    front = x * (0.25 - x * x)
    c, error = rounded(powers(x * x, 5) * front[:, None], np.sin(2 * np.pi * x), np.ones_like(x))
    x = rng.uniform(-0.5, 0.5, 2_000_000).astype(F)
    y = x * x
    got = horner(c, y) * ((F(0.25) - y) * x)
    off = got - np.sin(2 * np.pi * x.astype(float))
    show("sin_cycles", c, error, f"max abs {np.max(np.abs(off)):.2e}, peak {np.max(np.abs(got))!r}")


def sin_half():
    # sin(pi u) = u * P(u^2), relative error on 0 <= u <= 1/2.
    u = chebyshev_grid(1e-4, 0.5)
    s = np.sin(np.pi * u)
    c, error = rounded(powers(u * u, 5) * u[:, None], s, 1 / s)
    u = rng.uniform(0, 0.5, 2_000_000).astype(F)
    got = horner(c, u * u) * u
    rel = got / np.sin(np.pi * u.astype(float)) - 1
    show("sin_half", c, error, f"max rel {np.max(np.abs(rel)):.2e}")


def exp2():
    # 2^f = 1 + f * P(f), relative error on |f| <= 1/2.
    for n in (5, 6):
        f = chebyshev_grid(-0.5, 0.5)
        c, error = rounded(powers(f, n) * f[:, None], 2**f - 1, 2**-f)
        f = rng.uniform(-0.5, 0.5, 2_000_000).astype(F)
        got = F(1) + horner(c, f) * f
        rel = got / 2 ** f.astype(float) - 1
        show(f"exp2/{n}", c, error, f"max rel {np.max(np.abs(rel)):.2e}")


def log2():
    # log2((1 + s) / (1 - s)) = s * P(s^2), s = (m - 1) / (m + 1), m in sqrt(1/2)..sqrt(2).
    edge = (np.sqrt(2) - 1) / (np.sqrt(2) + 1)
    for n in (3, 4):
        s = chebyshev_grid(1e-4, edge)
        t = 2 * np.arctanh(s) / np.log(2)
        c, error = rounded(powers(s * s, n) * s[:, None], t, 1 / t)
        m = rng.uniform(np.sqrt(0.5), np.sqrt(2), 2_000_000).astype(F)
        s = (m - F(1)) / (m + F(1))
        got = horner(c, s * s) * s
        true = np.log2(m.astype(float))
        off = np.abs(got - true)
        show(f"log2/{n}", c, error, f"max abs {np.max(off):.2e} rel {np.nanmax(off[true != 0] / np.abs(true[true != 0])):.2e}")


def tanh():
    # x * P6(x^2) / Q3(x^2), relative error on 0..limit, beyond which tanh is 1 to within half a unit in the last place.
    for limit in (9.02,):
        x = chebyshev_grid(1e-3, limit, 4001)
        p, q, error = rational(x * x, x, np.tanh(x), 1 / np.tanh(x), 6, 3)
        p32, q32 = p.astype(F), q.astype(F)
        x = np.concatenate([rng.uniform(-limit, limit, 2_000_000), np.linspace(limit - 2, limit, 2_000_000)]).astype(F)
        y = x * x
        got = x * horner(p32, y) / horner(q32, y)
        true = np.tanh(x.astype(float))
        off = np.abs(got - true)
        rel = np.max(off / np.maximum(np.abs(true), 1e-30))
        show(f"tanh P {limit}", p32, error, f"max abs {np.max(off):.2e} rel {rel:.2e} peak {np.max(np.abs(got))!r}")
        show("tanh Q", q32, error, "")


for f in (sin_cycles, sin_half, exp2, log2, tanh):
    f()
