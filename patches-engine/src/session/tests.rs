use super::*;
use crate::desk::Desk;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

fn midi(port: &str, bytes: &[u8]) -> What {
    What::Midi { port: port.into(), message: Message::new(bytes).expect("a message") }
}

fn fault(text: &str) -> String {
    match read::parse(Path::new("s.jsonl"), text) {
        Ok(session) => panic!("read as {session:?}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_log_in_the_design_is_read() {
    let text = r#"{"session":1,"engine":"0.1.0","rate":48000,"seed":1}
{"at":0,"patch":"texts/0001.patches"}
{"at":96000,"patch":"texts/0002.patches","swap":"4bars","fade_ms":40}
{"at":120000,"midi":[144,60,100],"port":"keys"}
{"at":120000,"midi":[192,5]}

{"at":240000,"end":true}"#;
    let session = read::parse(Path::new("s.jsonl"), text).expect("a session");
    assert_eq!(session.head, Head { rate: 48_000, oversample: 1, seed: 1, limiter: true, outputs: 2, files: vec![] });
    assert_eq!(session.end, 240_000);
    let patch = |path: &str, swap, fade_ms| What::Patch {
        path: path.into(),
        files: BTreeMap::new(),
        file: None,
        sounds: BTreeMap::new(),
        swap,
        fade_ms,
        restore: false,
        desk: Change::default(),
        reset: Reset::None,
    };
    let entries = [
        Entry { at: 0, what: patch("texts/0001.patches", Landing::Now, 0.0), line: 2 },
        Entry { at: 96_000, what: patch("texts/0002.patches", Landing::Bars(4), 40.0), line: 3 },
        Entry { at: 120_000, what: midi("keys", &[144, 60, 100]), line: 4 },
        Entry { at: 120_000, what: midi("", &[192, 5]), line: 5 },
    ];
    assert_eq!(session.entries, entries);
}

#[test]
fn the_first_text_does_not_fade_in_though_midi_came_before_it() {
    let head = r#"{"session":1,"rate":48000}"#;
    let text =
        format!("{head}\n{{\"at\":0,\"midi\":[144,60,1]}}\n{{\"at\":9,\"patch\":\"a\"}}\n{{\"at\":9,\"end\":true}}");
    let session = read::parse(Path::new("s.jsonl"), &text).expect("a session");
    assert!(matches!(session.entries[1].what, What::Patch { fade_ms: 0.0, .. }));
}

#[test]
fn what_cannot_be_played_is_told_with_its_line() {
    let head = r#"{"session":1,"rate":48000}"#;
    let with = |line: &str| fault(&format!("{head}\n{line}\n"));
    assert!(fault("").starts_with("s.jsonl:1: empty"));
    assert!(fault("{}").contains("missing field `session`"));
    assert!(fault(r#"{"session":2,"rate":48000}"#).contains("reads format 1"));
    assert!(fault(r#"{"session":1,"rate":48000,"oversample":3}"#).contains("expected 1, 2, 4 or 8"));
    assert!(fault(r#"{"session":1,"rate":1}"#).contains("expected 8000 to 384000"));
    assert!(with(r#"{"at":0,"patch":"/etc/a"}"#).starts_with("s.jsonl:2: `/etc/a`"));
    assert!(with(r#"{"at":-1,"end":true}"#).starts_with("s.jsonl:2: "));
    assert!(with(r#"{"at":0,"pitch":"a"}"#).contains("unknown field `pitch`"));
    assert!(with(r#"{"at":0,"patch":"a","swap":"soon"}"#).contains("expected now, beat, bar or 4bars"));
    assert!(with(r#"{"at":0,"patch":"a","sounds":{"k":{"md5":"0"}}}"#).contains("unknown field `md5`"));
    assert!(with(r#"{"at":0,"patch":"a","fade_ms":-1}"#).contains("fade_ms -1"));
    assert!(with(r#"{"at":99999999999999,"end":true}"#).contains("later than 24 hours"));
    assert!(with(r#"{"at":0}"#).contains("expected one of `patch`, `midi`, `input`, `mute`"));
    assert!(with(r#"{"at":0,"patch":"a","end":true}"#).contains("expected one of"));
    assert!(with(r#"{"at":0,"patch":"a","midi":[144,60,1]}"#).contains("expected one of"));
    assert!(with(r#"{"at":0,"end":false}"#).contains("expected one of"));
    assert!(with(r#"{"at":0,"mute":["kick"]}"#).contains("nothing plays yet"));
    assert!(with(r#"{"at":0,"patch":"a","tempo":0}"#).contains("expected 1 to 10000"));
    assert!(with(r#"{"at":0,"reset":["a"],"panic":true}"#).contains("`reset` with `panic`"));
    assert!(with(r#"{"at":0,"patch":"a","port":"keys"}"#).contains("`port` without `midi`"));
    for bytes in ["[]", "[144]", "[144,60]", "[144,60,128]", "[248]", "[60,60,60]", "[192,1,2]"] {
        assert!(with(&format!("{{\"at\":0,\"midi\":{bytes}}}")).starts_with("s.jsonl:2: midi ["), "{bytes}");
    }
    assert!(with(r#"{"at":0,"midi":[144,60,300]}"#).starts_with("s.jsonl:2: invalid value"));
    assert!(with("{\"at\":5,\"patch\":\"a\"}\n{\"at\":4,\"end\":true}").starts_with("s.jsonl:3: frame 4"));
    assert!(with("{\"at\":5,\"end\":true}\n{\"at\":6,\"end\":true}").starts_with("s.jsonl:3: something after"));
    assert!(with(r#"{"at":7,"patch":"a"}"#).starts_with("s.jsonl:2: no end"));
    assert!(with(&format!("{{\"at\":0,\"patch\":\"{}\"}}", "a".repeat(limits::LINE_BYTES))).contains("longer than"));
}

#[test]
fn what_is_done_beside_the_text_is_written_and_read_back() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("take");
    let mut writer = Writer::create(&dir, &session_head()).expect("a writer");
    let text = writer.keep("osc -> out", "patches", &[]).expect("kept");
    writer.patch(0, &text, (Landing::Now, 0.0), false, (&Change::default(), &Reset::None)).expect("written");
    let muted = Change { mute: Some(Some(vec!["kick".into()])), tempo: Some(Some(90.5)), ..Change::default() };
    writer.live(100, &muted, &Reset::None, (Landing::Beat, 15.0)).expect("written");
    let back = Change { mute: Some(None), playing: Some(false), ..Change::default() };
    writer.patch(200, &text, (Landing::Now, 15.0), true, (&back, &Reset::These(vec!["osc".into()]))).expect("written");
    writer.live(300, &Change::default(), &Reset::These(vec!["v/osc".into()]), (Landing::Now, 2.0)).expect("written");
    writer.live(400, &Change::default(), &Reset::All, (Landing::Now, 2.0)).expect("written");
    writer.end(500).expect("written");
    let lines = std::fs::read_to_string(dir.join(LOG)).expect("a log");
    let line = |number: usize| lines.lines().nth(number).expect("a line").to_string();
    assert_eq!(line(2), r#"{"at":100,"swap":"beat","fade_ms":15.0,"mute":["kick"],"tempo":90.5}"#);
    assert!(line(3).contains(r#""restore":true,"mute":null,"playing":false,"reset":["osc"]"#), "{}", line(3));
    let session = read(&dir).expect("a session");
    let live = |desk: &Change, reset, swap, fade_ms| What::Live { desk: desk.clone(), reset, swap, fade_ms };
    assert_eq!(session.entries[1].what, live(&muted, Reset::None, Landing::Beat, 15.0));
    assert!(
        matches!(&session.entries[2].what, What::Patch { restore: true, desk, reset: Reset::These(_), .. } if *desk == back)
    );
    let these = Reset::These(vec!["v/osc".into()]);
    assert_eq!(session.entries[3].what, live(&Change::default(), these, Landing::Now, 2.0));
    assert_eq!(session.entries[4].what, live(&Change::default(), Reset::All, Landing::Now, 2.0));
    let mut desk = Desk::default();
    muted.apply(&mut desk);
    assert_eq!(desk, Desk { mute: Some(vec!["kick".into()]), tempo: Some(90.5), ..Desk::default() });
    let before = desk.clone();
    back.apply(&mut desk);
    assert_eq!(desk, Desk { tempo: Some(90.5), stopped: true, ..Desk::default() });
    assert_eq!(Change::between(&before, &desk), back);
}

#[test]
fn what_is_written_is_read_back() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("take");
    let head = Head { rate: 44_100, oversample: 4, seed: u64::MAX, limiter: false, outputs: 6, files: vec![] };
    let mut writer = Writer::create(&dir, &head).expect("a writer");
    let drums = [("lib/drums.patches".to_string(), "template a {}".to_string())];
    let kick = Sound { file: "/samples/kick.wav".into(), sha256: Some("aa00".into()) };
    let gone = Sound { file: "../gone.wav".into(), sha256: None };
    let sounds: BTreeMap<_, _> = [("samples/kick.wav".to_string(), kick), ("gone.wav".to_string(), gone)].into();
    let one = writer.keep("osc -> out", "patches", &drums).expect("kept").with_sounds(sounds.clone());
    writer.patch(0, &one, (Landing::Now, 0.0), false, (&Change::default(), &Reset::None)).expect("written");
    let two = writer.keep("osc -> vca -> out", "patches", &drums).expect("kept");
    writer.patch(44_100, &two, (Landing::Bars(1), 12.5), false, (&Change::default(), &Reset::None)).expect("written");
    let message = Message::new(&[0x9f, 60, 1]).expect("a message");
    writer.midi(50_000, "Keys \"A\"", message).expect("written");
    writer.input(60_000, Path::new("input.wav")).expect("written");
    writer.end(88_200).expect("written");
    let session = read(&dir).expect("a session");
    assert_eq!((session.head, session.end), (head, 88_200));
    let files: BTreeMap<_, _> = [("lib/drums.patches".to_string(), "texts/0001-1.patches".into())].into();
    let none = BTreeMap::new();
    let what = |path: &str, sounds: &BTreeMap<_, _>, swap, fade_ms| What::Patch {
        path: path.into(),
        files: files.clone(),
        file: None,
        sounds: sounds.clone(),
        swap,
        fade_ms,
        restore: false,
        desk: Change::default(),
        reset: Reset::None,
    };
    assert_eq!(session.entries[0].what, what("texts/0001.patches", &sounds, Landing::Now, 0.0));
    assert_eq!(session.entries[1].what, what("texts/0002.patches", &none, Landing::Bars(1), 12.5));
    assert_eq!((session.entries[2].at, &session.entries[2].what), (50_000, &midi("Keys \"A\"", &[0x9f, 60, 1])));
    let input = What::Input { path: "input.wav".into() };
    assert_eq!((session.entries[3].at, &session.entries[3].what), (60_000, &input));
    assert_eq!(std::fs::read_to_string(dir.join("texts/0002.patches")).expect("a text"), "osc -> vca -> out");
    assert!(Writer::create(&dir, &session_head()).is_err(), "a session is never written over");
}

#[test]
fn a_log_that_does_not_say_has_two_channels() {
    let root = tempfile::tempdir().expect("a folder");
    let first = |outputs: u16| {
        let dir = root.path().join(outputs.to_string());
        Writer::create(&dir, &Head { outputs, ..session_head() }).expect("a writer").end(9).expect("written");
        let text = std::fs::read_to_string(dir.join(LOG)).expect("a log");
        assert_eq!(read(&dir).expect("a session").head.outputs, outputs);
        text.lines().next().unwrap_or_default().to_string()
    };
    assert!(!first(2).contains("outputs") && first(4).contains("\"outputs\":4"));
    for outputs in [0, 1, 65] {
        let text = format!("{{\"session\":1,\"rate\":48000,\"outputs\":{outputs}}}\n{{\"at\":9,\"end\":true}}\n");
        assert!(fault(&text).contains(&format!("outputs {outputs}; expected 2 to 64")), "{}", fault(&text));
    }
}

#[test]
fn files_that_play_together_have_names() {
    let root = tempfile::tempdir().expect("a folder");
    let dir = root.path().join("take");
    let head = Head { files: vec!["drums".into(), "bass".into()], ..session_head() };
    let mut writer = Writer::create(&dir, &head).expect("a writer");
    let bass = writer.keep("b -> out", "patches", &[]).expect("kept").of(Some("bass"));
    writer.patch(0, &bass, (Landing::Now, 0.0), false, (&Change::default(), &Reset::None)).expect("written");
    writer.end(9).expect("written");
    let session = read(&dir).expect("a session");
    assert_eq!(session.head, head);
    assert!(matches!(&session.entries[0].what, What::Patch { file: Some(name), .. } if name == "bass"));
    // By hand: the order is that in which they begin, and none fades in at the start.
    let lines = |lines: &str| format!("{{\"session\":1,\"rate\":48000}}\n{lines}\n{{\"at\":9,\"end\":true}}");
    let text = lines("{\"at\":0,\"patch\":\"x\",\"file\":\"b\"}\n{\"at\":0,\"patch\":\"y\",\"file\":\"a\"}");
    let session = read::parse(Path::new("s.jsonl"), &text).expect("a session");
    assert_eq!(session.head.files, ["b", "a"]);
    assert!(session.entries.iter().all(|entry| matches!(entry.what, What::Patch { fade_ms: 0.0, .. })));
    for (first, second, says) in [
        ("", ",\"file\":\"b\"", "among others without"),
        (",\"file\":\"b\"", "", "without `file`"),
        (",\"file\":\"b/c\"", "", "a name has letters"),
        (",\"file\":\"\"", "", "a name has letters"),
    ] {
        let text = lines(&format!("{{\"at\":0,\"patch\":\"x\"{first}}}\n{{\"at\":0,\"patch\":\"y\"{second}}}"));
        assert!(fault(&text).contains(says), "{text}");
    }
    let text = "{\"session\":1,\"rate\":48000,\"files\":[\"a\",\"a\"]}";
    assert!(fault(text).contains("two files are called `a`"));
}

#[test]
fn sound_files_are_known_by_what_they_hold() {
    let root = tempfile::tempdir().expect("a folder");
    let path = root.path().join("kick.wav");
    std::fs::write(&path, "abc").expect("written");
    let mut sounds = Sounds::default();
    let sound = sounds.look(&path).expect("it can be read");
    assert!(sound.file.is_absolute());
    // The digest of "abc" in FIPS 180-2, appendix B.1.
    let held = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(sound.sha256.as_deref(), Some(held));
    let fate = |sound: &Sound| sound.fate(root.path()).expect("it can be read");
    assert_eq!((fate(&sound), sounds.look(&path).expect("it can be read")), (Fate::Same, sound.clone()));
    let beside = Sound { file: "kick.wav".into(), ..sound.clone() };
    assert_eq!((fate(&beside), beside.place(root.path())), (Fate::Same, path.clone()));
    std::fs::write(&path, "abcd").expect("written");
    assert_eq!(fate(&sound), Fate::Changed);
    assert_ne!(sounds.look(&path).expect("it can be read").sha256.as_deref(), Some(held));
    std::fs::remove_file(&path).expect("removed");
    assert_eq!(fate(&sound), Fate::Missing);
    let gone = sounds.look(&path).expect("nothing to read");
    assert_eq!((gone.sha256.as_deref(), fate(&gone)), (None, Fate::Same));
}

#[test]
fn a_log_that_breaks_off_is_good_to_its_last_second() {
    let root = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::create(&root.path().join("set"), &session_head()).expect("a writer");
    let text = writer.keep("osc -> out", "patches", &[]).expect("kept");
    writer.patch(0, &text, (Landing::Now, 0.0), false, (&Change::default(), &Reset::None)).expect("written");
    writer.alive(48_000).expect("written");
    writer.midi(50_000, "keys", Message::new(&[144, 60, 1]).expect("a message")).expect("written");
    drop(writer);
    let path = root.path().join("set").join(LOG);
    let whole = std::fs::read_to_string(&path).expect("a log");
    let ends_at =
        |text: &str| read::parse(Path::new("s.jsonl"), text).map(|session| (session.end, session.entries.len()));
    assert_eq!(ends_at(&whole).expect("a session"), (50_000, 2));
    // The last line torn, as a kill may leave it.
    assert_eq!(ends_at(&whole[..whole.len() - 9]).expect("a session"), (48_000, 1));
    assert!(ends_at(&whole.replace("\"alive\":true", "\"alive\":true,\"panic\":true")).is_err());
    let torn_early = whole.replace("{\"at\":48000,\"alive\":true}", "{\"at\":48000,");
    assert!(ends_at(&torn_early).is_err(), "what is torn within is no log");
}

#[test]
fn what_the_callback_in_hand_did_is_not_overtaken_by_the_clock() {
    let root = tempfile::tempdir().expect("a folder");
    let mut writer = Writer::create(&root.path().join("set"), &session_head()).expect("a writer");
    writer.midi(143_844, "keys", Message::new(&[144, 60, 1]).expect("a message")).expect("written");
    // The clock moves when a callback is through.
    writer.alive(143_616).expect("written");
    writer.end(150_000).expect("written");
    assert_eq!(read(&root.path().join("set")).expect("lines go forward").entries.len(), 1);
}

fn session_head() -> Head {
    Head { rate: 48_000, oversample: 1, seed: 1, limiter: true, outputs: 2, files: vec![] }
}

#[test]
fn old_sessions_go_but_not_named_or_playing_ones() {
    let root = tempfile::tempdir().expect("a folder");
    let make = |name: &str| Writer::create(&root.path().join(name), &session_head()).expect("a writer");
    let playing = make("2026-01-01T00-00-00");
    for name in ["2026-01-01T00-00-01", "2026-01-01T00-00-02", "2026-01-01T00-00-02-2", "the good one"] {
        drop(make(name));
    }
    let room = |bytes| Room { sessions: 2, bytes, sound: u64::MAX };
    prune(root.path(), room(u64::MAX)).expect("pruned");
    let left = |name: &str| root.path().join(name).exists();
    assert!(left("2026-01-01T00-00-00") && left("the good one"));
    assert!(!left("2026-01-01T00-00-01") && left("2026-01-01T00-00-02") && left("2026-01-01T00-00-02-2"));
    prune(root.path(), room(0)).expect("pruned");
    assert!(!left("2026-01-01T00-00-02") && left("the good one"));
    drop(playing);
}

#[test]
fn the_last_minutes_of_old_sessions_go_before_the_sessions() {
    let root = tempfile::tempdir().expect("a folder");
    let sound = |name: &str| root.path().join(name).join(crate::record::FOLDER);
    let make = |name: &str, bytes: usize| {
        let writer = Writer::create(&root.path().join(name), &session_head()).expect("a writer");
        std::fs::create_dir(sound(name)).expect("made");
        std::fs::write(sound(name).join("000000000000.wav"), vec![0; bytes]).expect("written");
        writer
    };
    let names = ["01", "02", "03", "04", "05"].map(|second| format!("2026-01-01T00-00-{second}"));
    let [old, short, long, newest, playing] = &names;
    drop((make(old, 4_000), make(short, 2_000), make(long, 5_000), make(newest, 1_000), make("the good one", 90_000)));
    let playing_log = make(playing, 50_000);
    let prune = |sound| prune(root.path(), Room { sessions: 4, bytes: 20_000, sound }).expect("pruned");
    let left = || names.iter().map(|name| sound(name).exists()).collect::<Vec<_>>();
    prune(10_000);
    assert_eq!(left(), [false, true, true, true, true], "the oldest goes");
    prune(6_000);
    assert_eq!(left(), [false, false, true, true, true]);
    prune(10);
    assert_eq!(left(), [false, false, false, true, true], "the newest stays whatever it takes");
    assert!(names.iter().all(|name| root.path().join(name).join(LOG).exists()), "what was played stays");
    assert!(sound("the good one").exists());
    drop(playing_log);
}

#[test]
fn stamps_are_dates() {
    let at = |seconds| stamp(UNIX_EPOCH + Duration::from_secs(seconds));
    assert_eq!(at(0), "1970-01-01T00-00-00");
    assert_eq!(at(951_782_399), "2000-02-28T23-59-59");
    assert_eq!(at(951_782_400), "2000-02-29T00-00-00");
    assert_eq!(at(1_769_893_200), "2026-01-31T21-00-00");
}

#[test]
fn landings_have_words() {
    for (word, meant) in
        [("now", Landing::Now), ("beat", Landing::Beat), ("bar", Landing::Bars(1)), ("4bars", Landing::Bars(4))]
    {
        assert_eq!(landing(word), Some(meant));
        assert_eq!(landing_word(meant), word);
    }
    assert_eq!(landing("0bars"), None);
    assert_eq!(landing("sometime"), None);
}
