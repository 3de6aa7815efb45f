//! How a module type is declared: the `module!` macro for types that are one kernel, `kernel!` for the parts of those
//! that are several, and builders for the specs of the latter.
//!
//! ```
//! use patches_core::prelude::*;
//!
//! module! {
//!     OnePole: "One-pole low-pass filter",
//!     signals { audio as "in": Audio, "signal to filter"; }
//!     controls { cutoff: Pitch = hz(1000.0), hz(20.0)..hz(20e3), "corner frequency"; }
//!     options {}
//!     outputs { out: Audio, "filtered signal"; }
//!     state { y }
//!     example "Noise -> OnePole { cutoff: 500Hz } -> out"
//! }
//! row! { Mid { a } }
//!
//! impl Kernel for OnePole {
//!     type Mid<L: Lanes> = Mid<L>;
//!     type Raw<L: Lanes> = Out<L>;
//!     #[inline(always)]
//!     fn map<L: Lanes>(cx: &Cx, c: Ctl<L>) -> Mid<L> {
//!         // Forward Euler: a = 2π·fc/fs, held below 1.
//!         Mid::new((c.cutoff * L::splat(6.283 * cx.period)).min(L::splat(1.0)))
//!     }
//!     #[inline(always)]
//!     fn scan<L: Lanes>(_: &Cx, s: &mut State<L>, m: Mid<L>, x: Sig<L>) -> Out<L> {
//!         s.y = s.y + m.a * (x.audio - s.y);
//!         Out::new(s.y)
//!     }
//!     #[inline(always)]
//!     fn fin<L: Lanes>(_: &Cx, r: Out<L>) -> Out<L> {
//!         r
//!     }
//! }
//! fn main() {
//!     assert_eq!((DEF.spec)().name(), "OnePole");
//! }
//! ```
//!
//! Names: a field's own name is the port's name; `audio as "in"` shows another, `or "q"` adds one. `*` behind the name
//! marks a normalled input: the first cable unplugs the default; `(any)` one that takes values of every kind, as they are on a
//! cable. The first port of the first of `signals` and
//! `controls` is the main input, the first output the main output.

use crate::spec::{Input, Kind, Normal, Output, Param, ParamKind, Spec, Unit};
use std::ops::Range;

/// Declares a module type that is one kernel. See the [module page](self).
#[macro_export]
macro_rules! module {
    ($name:ident $(or $alias:literal)*: $help:literal,
     signals { $($sigs:tt)* } controls { $($ctls:tt)* } $($rest:tt)*) => {
        $crate::module!(@spec $name ($($alias)*) $help { $($sigs)* } { $($ctls)* } $($rest)*);
        $crate::kernel!(@rows $name { $($ctls)* } { $($sigs)* } $($rest)*);
    };
    ($name:ident $(or $alias:literal)*: $help:literal,
     controls { $($ctls:tt)* } signals { $($sigs:tt)* } $($rest:tt)*) => {
        $crate::module!(@spec $name ($($alias)*) $help { $($ctls)* } { $($sigs)* } $($rest)*);
        $crate::kernel!(@rows $name { $($ctls)* } { $($sigs)* } $($rest)*);
    };
    (@spec $name:ident ($($alias:literal)*) $help:literal
     { $($a:ident $(($($am:tt)+))? $(as $aas:literal)? $(or $aor:literal)*: $ak:ident $(= $ad:expr, $ar:expr)?, $ah:literal;)* }
     { $($b:ident $(($($bm:tt)+))? $(as $bas:literal)? $(or $bor:literal)*: $bk:ident $(= $bd:expr, $br:expr)?, $bh:literal;)* }
     options { $($o:ident $(or $oor:literal)*: [$($($word:literal)|+),+], $ohelp:literal;)* }
     outputs { $($q:ident $(as $qas:literal)? $(or $qor:literal)*: $qk:ident, $qh:literal;)* }
     state { $($state:tt)* }
     example $example:literal) => {
        /// What the language sees of this type.
        #[allow(unused_imports, reason = "a default or range may name them")]
        fn spec() -> $crate::spec::Spec {
            use $crate::spec::{Input, Kind, Output, Param, Spec, hz};
            Spec::new(&[stringify!($name) $(, $alias)*], $help)
                $(.with_input(Input::new($crate::module!(@names $a [$($aas)?] [$($aor)*]), Kind::$ak, $ah)
                    $(.value($ad, $ar))? $(.marked(stringify!($($am)+)))?))*
                $(.with_input(Input::new($crate::module!(@names $b [$($bas)?] [$($bor)*]), Kind::$bk, $bh)
                    $(.value($bd, $br))? $(.marked(stringify!($($bm)+)))?))*
                $(.with_param(Param::choice($crate::module!(@names $o [] [$($oor)*]), &[$(&[$($word),+]),+], $ohelp)))*
                $(.with_output(Output::new($crate::module!(@names $q [$($qas)?] [$($qor)*]), Kind::$qk, $qh)))*
                .example($example)
        }
        /// The kernel as data.
        pub static KERNEL: $crate::drive::KernelDef = $crate::drive::KernelDef::of::<$name>();
        /// The module type.
        pub static DEF: $crate::lower::Def = $crate::lower::Def {
            spec,
            lower: |lowering| lowering.single(&KERNEL, INPUTS, &[$(stringify!($o)),*]),
        };
    };
    (@names $f:ident [] [$($or:literal)*]) => { &[stringify!($f) $(, $or)*] };
    (@names $f:ident [$as:literal] [$($or:literal)*]) => { &[$as $(, $or)*] };
}

/// Declares the rows of a kernel that is a part of a module: as [`module!`](crate::module!), with names and kinds only for people.
///
/// `kernel! { Tap, signals { x } controls { time } options {} outputs { y } state {} }`
#[macro_export]
macro_rules! kernel {
    ($name:ident, signals { $($s:ident),* $(,)? } controls { $($c:ident),* $(,)? } options { $($o:ident),* $(,)? }
     outputs { $($q:ident),* $(,)? } state { $($state:tt)* }) => {
        $crate::kernel!(@declare $name { $($c)* } { $($s)* } { $($o)* } { $($q)* } { $($state)* });
        /// The kernel as data.
        pub static KERNEL: $crate::drive::KernelDef = $crate::drive::KernelDef::of::<$name>();
    };
    (@rows $name:ident
     { $($c:ident $(($($cm:tt)+))? $(as $cas:literal)? $(or $cor:literal)*: $ck:ident $(= $cd:expr, $cr:expr)?, $ch:literal;)* }
     { $($s:ident $(($($sm:tt)+))? $(as $sas:literal)? $(or $sor:literal)*: $sk:ident $(= $sd:expr, $sr:expr)?, $sh:literal;)* }
     options { $($o:ident $(or $oor:literal)*: [$($($word:literal)|+),+], $ohelp:literal;)* }
     outputs { $($q:ident $(as $qas:literal)? $(or $qor:literal)*: $qk:ident, $qh:literal;)* }
     state { $($state:tt)* }
     example $example:literal) => {
        /// Names of the kernel's inputs: controls, then signals.
        const INPUTS: &[&str] = &[$($crate::kernel!(@first $c $($cas)?),)* $($crate::kernel!(@first $s $($sas)?),)*];
        $crate::kernel!(@declare $name { $($c)* } { $($s)* } { $($o)* } { $($q)* } { $($state)* });
    };
    (@first $f:ident) => { stringify!($f) };
    (@first $f:ident $as:literal) => { $as };
    (@declare $name:ident { $($c:ident)* } { $($s:ident)* } { $($o:ident)* } { $($q:ident)* } { $($state:tt)* }) => {
        $crate::row! {
            /// Inputs that feed `map`.
            Ctl { $($c),* }
            /// Inputs that feed `scan`.
            Sig { $($s),* }
            /// Outputs.
            Out { $($q),* }
            /// What is kept from frame to frame.
            State { $($state)* }
        }
        /// Positions of the inputs, for `Cx::linked`.
        #[allow(non_camel_case_types, dead_code, missing_docs, reason = "named after the ports")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum In { $($c,)* $($s,)* }
        /// Positions of the outputs, for `Cx::wants`.
        #[allow(non_camel_case_types, dead_code, missing_docs, reason = "named after the ports")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum To { $($q,)* }
        /// Positions of the options, for `Cx::option`.
        #[allow(non_camel_case_types, dead_code, missing_docs, reason = "named after the options")]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Opt { $($o,)* }
        /// The kernel.
        pub struct $name;
        impl $crate::kernel::Declared for $name {
            type Ctl<L: $crate::lanes::Lanes> = Ctl<L>;
            type Sig<L: $crate::lanes::Lanes> = Sig<L>;
            type Out<L: $crate::lanes::Lanes> = Out<L>;
            type State<L: $crate::lanes::Lanes> = State<L>;
            const NAME: &'static str = stringify!($name);
        }
    };
}

type Names = &'static [&'static str];

impl Spec {
    /// A type without ports.
    pub fn new(names: Names, help: &'static str) -> Spec {
        Spec { names, help, inputs: vec![], params: vec![], outputs: vec![], one: false, example: "" }
    }

    /// One more input; a stereo one has its right side normalled to the left.
    pub fn with_input(mut self, mut input: Input) -> Spec {
        if input.stereo && input.normal == Normal::Stays {
            input.normal = Normal::Follows(self.inputs.len() as u16);
        }
        self.inputs.push(input);
        self
    }

    /// One more input that follows the input of this name while it has neither cable nor value.
    pub fn with_input_following(self, name: &str, input: Input) -> Spec {
        let index = self.input(name).map_or(0, |(index, _)| index);
        let normal = Normal::Follows(index);
        self.with_input(Input { normal, ..input })
    }

    /// One more parameter.
    pub fn with_param(mut self, param: Param) -> Spec {
        self.params.push(param);
        self
    }

    /// One more output.
    pub fn with_output(mut self, output: Output) -> Spec {
        self.outputs.push(output);
        self
    }

    /// One voice by nature.
    pub fn one(mut self) -> Spec {
        self.one = true;
        self
    }

    /// A playing example.
    pub fn example(mut self, text: &'static str) -> Spec {
        self.example = text;
        self
    }
}

impl Input {
    /// A signal input: 0 without text and cable, not held to a range.
    pub fn new(names: Names, kind: Kind, help: &'static str) -> Input {
        let (min, max) = (f64::NEG_INFINITY, f64::INFINITY);
        let (any, indexed, stereo, unit) = (false, false, false, Unit::Own);
        Input { names, kind, any, default: 0.0, min, max, normal: Normal::Stays, indexed, stereo, unit, help }
    }

    /// With a default and a range.
    pub fn value(mut self, default: f64, range: Range<f64>) -> Input {
        (self.default, self.min, self.max) = (default, range.start, range.end);
        self
    }

    /// With the marks of a port in [`module!`](crate::module!): `*`, `any`, or both.
    pub fn marked(self, marks: &str) -> Input {
        marks
            .split_whitespace()
            .fold(self, |input, mark| if mark == "any" { input.any() } else { input.normalled(mark) })
    }

    /// Takes values of every kind, as they are on a cable.
    pub fn any(mut self) -> Input {
        self.any = true;
        self
    }

    /// The first cable unplugs the default (`mark` is `*`).
    pub fn normalled(mut self, mark: &str) -> Input {
        debug_assert_eq!(mark, "*", "the only mark of a port");
        self.normal = Normal::Unplugs;
        self
    }

    /// One per channel.
    pub fn indexed(mut self) -> Input {
        self.indexed = true;
        self
    }

    /// A pair of sides.
    pub fn stereo(mut self) -> Input {
        self.stereo = true;
        self
    }

    /// A bare number in the text is in this unit.
    pub fn unit(mut self, unit: Unit) -> Input {
        self.unit = unit;
        self
    }
}

impl Output {
    /// An output.
    pub fn new(names: Names, kind: Kind, help: &'static str) -> Output {
        Output { names, kind, indexed: false, stereo: false, named: false, help }
    }

    /// One per channel.
    pub fn indexed(mut self) -> Output {
        self.indexed = true;
        self
    }

    /// A pair of sides.
    pub fn stereo(mut self) -> Output {
        self.stereo = true;
        self
    }
}

impl Output {
    /// The name of a channel alone means this port.
    pub fn named(mut self) -> Output {
        self.named = true;
        self
    }
}

impl Param {
    /// A pattern, or a lane of a song.
    pub fn pattern(names: Names, help: &'static str) -> Param {
        Param { names, kind: ParamKind::Pattern, indexed: false, help }
    }

    /// One of some words.
    pub fn choice(names: Names, words: &'static [Names], help: &'static str) -> Param {
        Param { names, kind: ParamKind::Choice(words), indexed: false, help }
    }

    /// A whole number.
    pub fn int(names: Names, min: i64, max: i64, default: i64, help: &'static str) -> Param {
        Param { names, kind: ParamKind::Int { min, max, default }, indexed: false, help }
    }

    /// True or false.
    pub fn flag(names: Names, default: bool, help: &'static str) -> Param {
        Param { names, kind: ParamKind::Bool(default), indexed: false, help }
    }

    /// A text; empty if not set.
    pub fn text(names: Names, help: &'static str) -> Param {
        Param { names, kind: ParamKind::Text, indexed: false, help }
    }

    /// A list of values of a kind, and any words.
    pub fn list(names: Names, kind: Kind, help: &'static str) -> Param {
        Param { names, kind: ParamKind::List { kind, words: &[] }, indexed: false, help }
    }

    /// A list of values of a kind, and of these words.
    pub fn list_of(names: Names, kind: Kind, words: Names, help: &'static str) -> Param {
        Param { names, kind: ParamKind::List { kind, words }, indexed: false, help }
    }

    /// A song, or a pattern or lane for one of a single lane.
    pub fn song(names: Names, help: &'static str) -> Param {
        Param { names, kind: ParamKind::Song, indexed: false, help }
    }

    /// One per channel.
    pub fn indexed(mut self) -> Param {
        self.indexed = true;
        self
    }
}
