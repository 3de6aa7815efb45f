//! The syntax tree as one line of text for each statement: what a text says, without its layout and its comments.

use crate::parse::Parsed;
use crate::tree::*;
use std::fmt::{self, Display, Formatter, Write};

impl Display for Parsed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.statements.iter().try_for_each(|statement| writeln!(f, "{statement}"))
    }
}

/// `(head part part)`, or the part alone where there is but one and the head says nothing.
fn list<T: Display>(f: &mut Formatter<'_>, head: &str, parts: impl IntoIterator<Item = T>) -> fmt::Result {
    write!(f, "({head}")?;
    parts.into_iter().try_for_each(|part| write!(f, " {part}"))?;
    f.write_char(')')
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.what {
            What::Include(path, _) => write!(f, "(include \"{path}\")"),
            What::Template(template) => {
                write!(f, "(template {}", template.name)?;
                template.decls.iter().try_for_each(|decl| write!(f, " {decl}"))?;
                template.body.iter().try_for_each(|statement| write!(f, " {statement}"))?;
                f.write_char(')')
            }
            What::Patch(body) => list(f, "patch", body),
            What::Pattern(pattern) => write!(f, "{pattern}"),
            What::Section(section) => write!(f, "{section}"),
            What::Song(song) => write!(f, "{song}"),
            What::Curve(curve) => write!(f, "{curve}"),
            What::For(over) => {
                match &over.over {
                    Over::Range(a, b) => write!(f, "(for {} (range {a} {b})", over.name)?,
                    Over::List(expr) => write!(f, "(for {} {expr}", over.name)?,
                }
                over.body.iter().try_for_each(|statement| write!(f, " {statement}"))?;
                f.write_char(')')
            }
            What::Define { name, module, chain, was, .. } => {
                let head = if *module { "module" } else { "define" };
                write!(f, "({head} {name} {chain}")?;
                if !was.is_empty() {
                    f.write_char(' ')?;
                    list(f, "was", was.iter().map(|path| &path.text))?;
                }
                f.write_char(')')
            }
            What::Wire(chain) => write!(f, "(wire {chain})"),
            What::Setting(setting) => write!(f, "{setting}"),
            What::In(ports) => list(f, "in", ports.iter().map(|(name, size)| Sized(name, size))),
            What::Out(ports) => list(f, "out", ports.iter().map(|(name, size)| Sized(name, size))),
            What::Unreadable(_) => f.write_str("(unreadable)"),
        }
    }
}

/// A name with the size of an array.
struct Sized<'a>(&'a Name, &'a Option<Size>);

impl Display for Sized<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(size) => write!(f, "{}[{}]", self.0, size.0),
            None => write!(f, "{}", self.0),
        }
    }
}

impl Display for Decl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "({} {:?}", Sized(&self.name, &self.size), self.kind)?;
        self.default.iter().try_for_each(|value| write!(f, " {value}"))?;
        f.write_char(')')
    }
}

impl Display for Setting {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let word = self.word();
        match self {
            Setting::Tempo(expr)
            | Setting::Swing(expr)
            | Setting::Fade(expr)
            | Setting::Tail(expr)
            | Setting::Tuning(expr) => {
                write!(f, "({word} {expr})")
            }
            Setting::Meter(beats, note) => write!(f, "({word} {beats}/{note})"),
            Setting::Swap(SwapOn::Now) => write!(f, "({word} now)"),
            Setting::Swap(SwapOn::Bar) => write!(f, "({word} bar)"),
            Setting::Swap(SwapOn::Beat) => write!(f, "({word} beat)"),
            Setting::Swap(SwapOn::Every(quantity)) => write!(f, "({word} {quantity})"),
            Setting::Mute(paths) | Setting::Solo(paths) | Setting::Reset(paths) => {
                list(f, word, paths.iter().map(|path| &path.text))
            }
        }
    }
}

impl Display for Chain {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.arrows.is_empty()
            && let [stage] = self.stages.as_slice()
        {
            return show_stage(f, stage);
        }
        f.write_str("(chain")?;
        for (index, stage) in self.stages.iter().enumerate() {
            if let Some(arrow) = index.checked_sub(1).and_then(|arrow| self.arrows.get(arrow)) {
                let way = match arrow.way {
                    Way::To => "->",
                    Way::From => "<-",
                    Way::Late => "~>",
                };
                match &arrow.scale {
                    Some(scale) => write!(f, " ({way} {scale})")?,
                    None => write!(f, " {way}")?,
                }
            }
            f.write_char(' ')?;
            show_stage(f, stage)?;
        }
        f.write_char(')')
    }
}

fn show_stage(f: &mut Formatter<'_>, stage: &[Member]) -> fmt::Result {
    match stage {
        [member] => write!(f, "{member}"),
        members => list(f, "stage", members),
    }
}

impl Display for Member {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Member::Expr(expr) => write!(f, "{expr}"),
            Member::Tap(kinds, label) => list(f, "tap", kinds.iter().chain(std::iter::once(label))),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Quantity(quantity) => write!(f, "{quantity}"),
            Expr::Note(octaves, _) => write!(f, "(note {octaves})"),
            Expr::Text(text, _) => write!(f, "\"{text}\""),
            Expr::List(members, _) => list(f, "list", members),
            Expr::Param(param) => write!(f, "{param}"),
            Expr::Boundary(port) => write!(f, "${port}"),
            Expr::Call(call) => write!(f, "{call}"),
            Expr::Minus(inner, _) => write!(f, "(minus {inner})"),
            Expr::Sum(parts, _) => infix(f, parts, "+", "-"),
            Expr::Product(parts, _) => infix(f, parts, "*", "/"),
        }
    }
}

fn infix(f: &mut Formatter<'_>, parts: &[(bool, Expr)], plain: &str, inverse: &str) -> fmt::Result {
    for (index, (other, part)) in parts.iter().enumerate() {
        match (index, other) {
            (0, _) => write!(f, "({part}")?,
            (_, false) => write!(f, " {plain} {part}")?,
            (_, true) => write!(f, " {inverse} {part}")?,
        }
    }
    f.write_char(')')
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let whole = !self.is_bare();
        if whole {
            f.write_str("(call ")?;
        }
        write!(f, "{}", self.target)?;
        self.index.iter().try_for_each(|index| write!(f, "{index}"))?;
        self.port.iter().try_for_each(|port| write!(f, "{port}"))?;
        match &self.args {
            Some(Args::Placed(args)) => list(f, "args", args)?,
            Some(Args::Named(entries)) => list(f, "args", entries)?,
            None => {}
        }
        if let Some(entries) = &self.braces {
            f.write_char(' ')?;
            list(f, "braces", entries)?;
        }
        self.tail.iter().try_for_each(|port| write!(f, " {port}"))?;
        if whole { f.write_char(')') } else { Ok(()) }
    }
}

impl Display for Entry {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Set { name, index: Some(index), value } => write!(f, "({name}{index} {value})"),
            Entry::Set { name, index: None, value } => write!(f, "({name} {value})"),
            Entry::At { channel, entries } => list(f, &format!("@{channel}"), entries),
        }
    }
}

impl Display for Index {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Index::One(expr) => write!(f, "[{expr}]"),
            Index::Every(name) => write!(f, "[*{name}]"),
        }
    }
}

impl Display for Port {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, ".{}", self.name)?;
        self.index.iter().try_for_each(|index| write!(f, "{index}"))
    }
}

impl Display for Word {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Word::Plain(name) => write!(f, "{name}"),
            Word::Param(param) => write!(f, "{param}"),
        }
    }
}

impl Display for ParamRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.index {
            Some(index) => write!(f, "<{}[{index}]>", self.name),
            None => write!(f, "<{}>", self.name),
        }
    }
}

impl Display for Name {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Display for Quantity {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, self.unit)
    }
}
