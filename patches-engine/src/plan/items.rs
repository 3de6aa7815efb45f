//! Steps as the run takes them: stretches one after another, loops, and what sleeps together.

use super::order::Stretch;
use super::{Item, Step};
use crate::rest::{Dormitory, Rest};

/// The items of a plan, and what its dormitories are.
pub fn items(stretches: &[Stretch], steps: &[Step]) -> (Vec<Item>, Vec<Dormitory>) {
    let (mut items, mut dormitories) = (vec![], vec![]);
    let mut from = 0;
    for stretch in stretches {
        match stretch {
            Stretch::Region(units) => {
                items.push(Item::Region(from, from + units.len()));
                from += units.len();
            }
            Stretch::Run(units) => {
                let to = from + units.len();
                while from < to {
                    let asleep = together(&steps[from..to]);
                    // Alone, a step looks for itself.
                    let end = if asleep > 1 { from + asleep } else { from + 1 };
                    if asleep > 1 {
                        items.push(Item::Dormitory(dormitories.len()));
                        dormitories.push(dormitory(from, &steps[from..end]));
                    } else if let Some(Item::Run(_, last)) = items.last_mut()
                        && *last == from
                    {
                        *last = end;
                    } else {
                        items.push(Item::Run(from, end));
                    }
                    from = end;
                }
            }
        }
    }
    (items, dormitories)
}

/// How many of the steps, from the first on, sleep whenever all that the first one watches is closed.
fn together(steps: &[Step]) -> usize {
    let Some(first) = steps.first().and_then(|step| step.rest.as_deref()) else { return 0 };
    let follows =
        |rest: &Rest| rest.watched().iter().all(|of| first.watched().iter().any(|known| known.io.p == of.io.p));
    steps.iter().take_while(|step| step.rest.as_deref().is_some_and(follows)).count()
}

fn dormitory(from: usize, steps: &[Step]) -> Dormitory {
    let rests = || steps.iter().filter_map(|step| step.rest.as_deref());
    let watched = rests().next().map(|rest| rest.watched().into()).unwrap_or_default();
    Dormitory::new(from, from + steps.len(), watched, rests().flat_map(Rest::heard).collect())
}
