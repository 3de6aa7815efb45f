//! What the audio outputs of a patch bring to each channel of the device.

use super::{Flat, In, OUTPUT, Op, SumShape};
use patches_core::spec::Side;

impl Flat<'_> {
    /// The channels in pairs, those of every audio output added: the two sides of each first, then the channels that they
    /// have one by one. A channel that the session does not have is not made, and one that no output has is silent.
    pub(super) fn master(&mut self, channels: u16) -> Vec<[In; 2]> {
        let outputs: Vec<usize> =
            (0..self.net.modules.len()).filter(|&i| self.net.modules[i].spec.name() == OUTPUT).collect();
        let sides = [Side::Left, Side::Right].map(|side| {
            let heard = outputs.iter().map(|&module| self.feed((module, 0, 0), side, 0)).collect();
            self.added(&outputs, heard)
        });
        let mut all = vec![sides];
        for channel in (2..channels).step_by(2) {
            let pair = [channel, channel + 1].map(|channel| {
                let mut heard = vec![];
                for &module in outputs.iter().filter(|_| channel < channels) {
                    let of = &self.net.modules[module];
                    if let Some(port) = of.spec.input_by_channel(0).filter(|_| usize::from(channel) < of.channels.len())
                    {
                        heard.push(self.feed((module, port, channel), Side::Both, 0));
                    }
                }
                self.added(&outputs, heard)
            });
            all.push(pair);
        }
        all
    }

    fn added(&mut self, outputs: &[usize], mut heard: Vec<In>) -> In {
        match heard.len() {
            0 => In::Const(0.0),
            1 => heard.remove(0),
            _ => {
                let terms = heard.into_iter().flat_map(|wire| [wire, In::Const(1.0)]);
                let ins = std::iter::once(In::Const(0.0)).chain(terms).collect();
                self.push(outputs[0], Op::Sum(SumShape { collapse: true, ..SumShape::PLAIN }), ins)
            }
        }
    }
}
