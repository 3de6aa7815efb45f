//! Curves: what can be wrong in one, and the module that it is.

use super::{Expander, value};
use crate::fault::{Fault, codes};
use crate::flat::{Channel, Given, Source, V, What};
use crate::score::Curve;
use crate::tree;
use crate::value::{Const, Dim};
use patches_core::spec::Side;

/// What may stand behind a point of a curve.
const CURVE_WORDS: [&str; 4] = ["exp", "linear", "hold", "loop"];

impl<'t> Expander<'t> {
    /// Times go forward, values are of one kind.
    pub(super) fn check_curve(&mut self, scope: usize, curve: &'t Curve) {
        let mut before: Option<(Const, Const)> = None;
        if curve.points.is_empty() {
            let message = format!("the curve `{}` has no points", curve.name.text);
            self.error(scope, codes::PATTERN, curve.name.span, message);
        }
        for (index, (at, to, words)) in curve.points.iter().enumerate() {
            for word in words {
                let last = index + 1 == curve.points.len();
                match &*word.text {
                    "exp" | "linear" | "hold" => {}
                    "loop" if last => {}
                    "loop" => self.error(scope, codes::PATTERN, word.span, "`loop` stands behind the last point"),
                    _ => {
                        let message = format!("a point has no `{}`", word.text);
                        let fault = Fault::error(codes::UNKNOWN_WORD, word.span, message);
                        let fault = fault.help("it is `exp`, `linear`, `hold` or `loop`");
                        self.fault(scope, fault.near(&word.text, CURVE_WORDS));
                    }
                }
            }
            let (Some(time), Some(level)) = (self.point(scope, at), self.point(scope, to)) else { continue };
            let time = match (time.dim, time.value) {
                (Dim::Number, 0.0) => Const::new(Dim::Beats, 0.0),
                (Dim::Note, v) => Const::new(Dim::Beats, v * 4.0),
                (Dim::Time | Dim::Beats, _) => time,
                (dim, _) => {
                    let message = format!("a point stands at a time, such as 4bars or 2s, not at {}", dim.name());
                    self.error(scope, codes::WRONG_KIND, at.span(), message);
                    continue;
                }
            };
            if let Some((earlier, kind)) = before {
                if earlier.dim != time.dim && earlier.value != 0.0 {
                    let message = "the times of a curve are all musical, or all in seconds";
                    self.error(scope, codes::PATTERN, at.span(), message);
                } else if time.value <= earlier.value {
                    self.error(
                        scope,
                        codes::PATTERN,
                        at.span(),
                        "the points of a curve stand in the order of their times",
                    );
                }
                if kind.dim != level.dim && !(kind.dim.is_plain() && level.dim.is_plain()) {
                    let message = format!("the first point is {}, this is {}", kind.dim.name(), level.dim.name());
                    self.error(scope, codes::WRONG_KIND, to.span(), message);
                }
            }
            before = Some((time, before.map_or(level, |(_, kind)| kind)));
        }
    }

    pub(super) fn point(&mut self, scope: usize, expr: &'t tree::Expr) -> Option<Const> {
        let v = self.eval(expr, scope);
        self.step_constant(scope, &v, expr.span())
    }

    /// A curve as a module of its name: its points as a list of time, value and way.
    pub(super) fn curve(&mut self, scope: usize, curve: &'t Curve) -> Option<What> {
        let spec = self.library.find("Curve")?;
        let (mut list, mut musical, mut dim, mut lengths) = (Vec::new(), true, Dim::Number, true);
        let (span, mut before) = (curve.span, None);
        let put = |list: &mut Vec<V>, what| list.push(value(what, span));
        for (at, to, words) in &curve.points {
            let (time, level) = (self.point(scope, at)?, self.point(scope, to)?);
            musical &= time.dim != Dim::Time;
            let time = if time.dim == Dim::Note { time.value * 4.0 } else { time.value };
            dim = if list.is_empty() { level.dim } else { dim };
            lengths &= level.dim == Dim::Note || level.value == 0.0;
            if words.iter().any(|word| !CURVE_WORDS.contains(&&*word.text)) {
                return None;
            }
            let way = words.iter().find(|word| &*word.text != "loop").map_or("linear", |word| &word.text);
            // In octaves the exponential way of a frequency is a straight line.
            let way = if way == "exp" && dim == Dim::Interval { "linear" } else { way };
            // Both ends of the way, this point and the one before.
            let lowest = level.value.min(before.replace(level.value).unwrap_or(level.value));
            if way == "exp" && dim != Dim::Pitch && lowest <= 0.0 {
                let fault = Fault::error(codes::PATTERN, to.span(), "an exponential way stays above zero");
                self.fault(scope, fault.help("write `linear`, or a small value above zero"));
                return None;
            }
            put(&mut list, What::Const(Const::new(Dim::Number, time)));
            // On a cable a tempo is a rate.
            let number = if level.dim == Dim::Bpm { level.value / 60.0 } else { level.value };
            put(&mut list, What::Const(Const::new(Dim::Number, number)));
            put(&mut list, What::Word(way.into()));
        }
        let loops = curve.points.last().is_some_and(|(_, _, words)| words.iter().any(|word| &*word.text == "loop"));
        let kind = match dim {
            Dim::Frequency => "hertz",
            Dim::Pitch => "pitch",
            _ => "number",
        };
        let module = self.new_module(scope, spec, Some(curve.name.text.clone()), span);
        let params = [
            ("points", What::List(list)),
            ("unit", What::Word(if musical { "beats" } else { "seconds" }.into())),
            ("values", What::Word(kind.into())),
            ("loop", What::Bool(loops)),
        ];
        for (name, what) in params {
            let v = value(what, span);
            self.out.modules[module].params.push(Given::new(spec.param(name)?, v));
        }
        let out = if kind == "number" { "out" } else { "pitch" };
        let (port, side) = spec.output(out).unwrap_or((0, Side::Both));
        let out = What::Port(Source { module, port, side, channel: Channel::Unsaid });
        // Note lengths are what they are where a time is meant, and numbers elsewhere.
        let unit = match dim {
            Dim::Beats => Dim::Beats,
            _ if lengths => Dim::Note,
            _ => return Some(out),
        };
        let one = value(What::Const(Const::new(unit, 1.0)), span);
        Some(What::Product(vec![(false, one), (false, value(out, span))]))
    }
}
