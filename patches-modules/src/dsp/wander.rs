//! Slow chance: from throw to throw along smooth steps, a function of seed and the engine's clock, so that nothing builds up.

use patches_core::prelude::*;

/// A way within ±1 that reaches a new throw each 2^`steps` frames, at rates above 64 kHz each twice as many, which take about
/// as long.
#[inline(always)]
pub fn wander<L: Lanes>(cx: &Cx, seed: L::Bits, steps: u32) -> L {
    let shift = if cx.rate > 64_000.0 { steps + 1 } else { steps };
    let span = 1_u32 << shift;
    let t = L::splat((cx.now & (span - 1)) as f32 / span as f32);
    let from = maths::noise(seed ^ L::Bits::splat(cx.now >> shift));
    let to = maths::noise(seed ^ L::Bits::splat((cx.now >> shift).wrapping_add(1)));
    // 3t² − 2t³: no bend where one step meets the next.
    let smooth = t * t * (L::splat(3.0) - L::splat(2.0) * t);
    from.mla(smooth, to - from)
}

/// What wanders as this kernel makes it from the input of this name: a constant 0 while that is not used.
pub fn wire(lowering: &mut Lowering<'_>, kernel: &'static KernelDef, input: &str) -> Wire {
    if lowering.feed(input, 0) == Feed::Still(0.0) {
        return Wire::Const(0.0);
    }
    let reach = lowering.input(input, 0);
    lowering.kernel(kernel, &[], &[reach]).out(0)
}
