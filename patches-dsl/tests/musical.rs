//! Musical times beside seconds and signals.

mod common;

use common::{clean, codes};
use patches_core::graph::{Graph, Setting};
use patches_dsl::print::flat;

/// The graph of a text, which also reads back from its flat form.
fn graph(text: &str) -> Graph {
    let graph = clean(text);
    let printed = flat(&graph);
    assert_eq!(graph, clean(&printed), "{printed}");
    graph
}

fn time(text: &str) -> Option<Setting> {
    let graph = graph(&format!("d = Delay {{ time: {text} }}\nd -> out"));
    graph.modules["d"].settings.get(&(1, 0)).copied()
}

#[test]
fn seconds_and_beats_in_one_time() {
    let mixed = |seconds, beats| Some(Setting::Mixed { seconds, beats });
    assert_eq!(time("10ms + 1/8"), mixed(0.01, 0.5));
    assert_eq!(time("1/4 - 20ms"), mixed(-0.02, 1.0));
    assert_eq!(time("(1beat + 1s) * 2 - 1s"), mixed(1.0, 2.0));
    assert_eq!(time("-(1s - 3beats) / 2"), mixed(-0.5, 1.5));
    assert_eq!(time("1s + 1bar - 1s"), Some(Setting::Beats(4.0)));
    assert_eq!(time("1s + 1bar - 4beats"), Some(Setting::Number(1.0)));
    let joined = graph("k = 1/8\nd = Delay { time: 10ms }\nk + 0beats -> d.time\nd -> out");
    assert_eq!(joined.modules["d"].settings[&(1, 0)], Setting::Mixed { seconds: 0.01, beats: 0.5 });
    // Which is larger is a question of the tempo; a rate cannot be both.
    assert_eq!(codes("Delay { time: max(1s + 1beat, 2s) } -> out"), ["arithmetic"]);
    assert_eq!(codes("Lfo { rate: 2Hz + 1/8 } -> out"), ["arithmetic"]);
    assert_eq!(codes("Vca { gain: 1s + 1beat } -> out"), ["wrong-kind"]);
}

#[test]
fn a_musical_time_times_a_signal_follows_the_tempo() {
    let swaying = graph("l = Lfo; d = Delay { time: 1/8 * l }\nd -> out").to_string();
    assert!(swaying.contains("d.time[0]#1 : Math b=0.5beats op=mul"), "{swaying}");
    assert!(swaying.contains("l.sine -> d.time[0]#1.a"), "{swaying}");
    assert!(swaying.contains("d : Delay(0) time[0]=0\n"), "what moves is all there is: {swaying}");
    let round = graph("l = Lfo; d = Delay { time: 1/8 * (1 + 0.5 * l) }\nd -> out").to_string();
    assert!(round.contains("time[0]=0.5beats") && round.contains("-[0.5]-> d.time[0]"), "{round}");
    for text in ["l * 1/8", "l * 0.5beats", "0.5beats * l", "1 * l / 8", "l * (1/8)"] {
        let other = graph(&format!("l = Lfo; d = Delay {{ time: {text} }}\nd -> out")).to_string();
        assert!(other.contains("b=0.5beats"), "{text}: {other}");
    }
}

#[test]
fn numbers_that_only_divide_are_no_note_lengths() {
    for (text, factor) in [("l * 10ms / 8", 0.00125), ("l / 8", 0.125), ("1/2 * l * 10ms", 0.005), ("l * 0.5", 0.5)] {
        let graph = graph(&format!("l = Lfo; d = Delay {{ time: {text} }}\nd -> out"));
        let cable = graph.cables.iter().find(|cable| &*cable.from.module == "l").expect("the signal comes");
        assert!((cable.scale - factor).abs() < 1e-12, "{text}: {}", cable.scale);
    }
    let gain = graph("l = Lfo; v = Vca { gain: 1/8 * l }\nv -> out").to_string();
    assert!(gain.contains("l.sine -[0.125]-> v.gain"), "{gain}");
}

#[test]
fn cables_scaled_by_musical_times() {
    let scaled = graph("l = Lfo; d = Delay { time: 1/4 }\nl -[1/16 + 0beats]-> d.time\nd -> out").to_string();
    assert!(scaled.contains("time[0]=1beats") && scaled.contains("b=0.25beats"), "{scaled}");
    let signal = graph("l = Lfo; d = Delay\n1/4 -[l]-> d.time\nd -> out").to_string();
    assert!(signal.contains("b=1beats") && signal.contains("l.sine -> d.time[0]#1.a"), "{signal}");
}

#[test]
fn a_musical_time_over_a_signal_is_a_time_and_as_a_rate_goes_with_the_signal() {
    for text in ["1/4 / l", "1beats / l"] {
        let time = graph(&format!("l = Lfo; d = Delay {{ time: {text} }}\nd -> out")).to_string();
        assert!(
            time.contains("d.time[0]#1 : Math a=1beats op=div") && time.contains("l.sine -> d.time[0]#1.b"),
            "{time}"
        );
        let rate = graph(&format!("l = Lfo; m = Lfo {{ rate: {text} }}\nm -> out")).to_string();
        assert!(rate.contains("m.rate#1 : Math b=1beats op=div") && rate.contains("l.sine -> m.rate#1.a"), "{rate}");
    }
    let tempo = graph("l = Lfo; m = Lfo { rate: 120bpm * l }\nm -> out").to_string();
    assert!(tempo.contains("l.sine -[2]-> m.rate"), "{tempo}");
}

#[test]
fn a_rate_takes_no_musical_time_that_moves() {
    assert_eq!(codes("l = Lfo; Lfo { rate: 1/8 * l } -> out"), ["arithmetic"]);
    let beside = graph("l = Lfo; m = Lfo { rate: 1/8 + 2 * l }\nm -> out").to_string();
    assert!(beside.contains("rate=0.5beats") && beside.contains("l.sine -[2]-> m.rate"), "{beside}");
}
