//! Functions of expressions.

use super::{Expander, value};
use crate::fault::{Fault, codes};
use crate::flat::*;
use crate::tree::{Call, Expr, Name};
use crate::value::{Const, Dim, Misfit};

impl<'t> Expander<'t> {
    /// `file("…")`, `min(a, b)` and the like.
    pub(super) fn function(&mut self, name: &Name, call: &'t Call, args: &'t [Expr], scope: usize) -> V {
        let span = call.span;
        if &*name.text == "file" {
            if let [Expr::Text(text, _)] = args {
                return value(What::File(text.clone()), span);
            }
            let fault = Fault::error(codes::ARGUMENT, span, "`file` takes one text");
            self.fault(scope, fault.help("write `file(\"samples/kick.wav\")`"));
            return value(What::Poison, span);
        }
        let Some(function) = Function::named(&name.text) else {
            self.unknown_call(scope, call, name);
            return value(What::Poison, span);
        };
        let (count, form) = function.arguments();
        if args.len() != count {
            let values = if count == 1 { "one value".to_string() } else { format!("{count} values") };
            let message = format!("`{}` takes {values}, not {}", function.name(), args.len());
            self.fault(scope, Fault::error(codes::ARGUMENT, span, message).help(format!("write `{form}`")));
            return value(What::Poison, span);
        }
        if function == Function::Quantize {
            let x = self.eval(&args[0], scope);
            let scale = self.eval_words(&args[1], scope);
            return self.compose(What::Apply(function, vec![x, scale]), scope, span);
        }
        let args: Vec<V> = args.iter().map(|arg| self.eval(arg, scope)).collect();
        let constants: Option<Vec<Const>> = args
            .iter()
            .map(|arg| match &arg.what {
                What::Const(c) => Some(*c),
                _ => None,
            })
            .collect();
        match constants {
            Some(constants) => self.computed(apply(function, &constants), scope, span),
            None => self.compose(What::Apply(function, args), scope, span),
        }
    }
}

/// A function of constants.
fn apply(function: Function, args: &[Const]) -> Result<Const, Misfit> {
    match (function, args) {
        (Function::Min, [a, b]) => a.bound(*b, false),
        (Function::Max, [a, b]) => a.bound(*b, true),
        (Function::Abs, [x]) if x.dim != Dim::Pitch => Ok(Const { value: x.value.abs(), ..*x }),
        (Function::Clamp, [x, low, high]) => x.bound(*low, true)?.bound(*high, false),
        (Function::Mix, [a, b, t]) => a.plus(b.plus(*a, true)?.times(*t)?, false),
        (_, [x, ..]) => x.minus(),
        (_, []) => Ok(Const::whole(0.0)),
    }
}
