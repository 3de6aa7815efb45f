use super::*;

fn keyboard() -> Keyboard {
    // SAFETY of the planner's use: zero words are the beginning, as here.
    let voices = [Voice::default(); VOICES];
    let (down, pedals, all) = ([Key::default(); DOWN], [0; 32], [0.0; 16]);
    Keyboard { voices, down, count: 0, age: 0, pedals, bend: all, modulation: all, pressure: all, mark: 0, due: 0 }
}

/// A keyboard that is played frame by frame.
struct Player {
    keyboard: Keyboard,
    hears: Hears,
}

impl Player {
    fn new(voices: u16, mode: KeysMode) -> Player {
        let mut keyboard = keyboard();
        keyboard.begin(7);
        Player { keyboard, hears: Hears::Keys { voices, mode } }
    }

    fn from(&mut self, port: u16, messages: &[[u8; 3]]) -> &mut Player {
        self.keyboard.tick();
        for bytes in messages {
            self.keyboard.hear(port, Message::new(bytes).expect("a message"), self.hears);
        }
        self
    }

    /// One frame with these messages.
    fn play(&mut self, messages: &[[u8; 3]]) -> &mut Player {
        self.from(0, messages)
    }

    /// Gate and trigger of the first voices.
    fn gates<const N: usize>(&self) -> [(f32, f32); N] {
        std::array::from_fn(|voice| {
            let outs = self.keyboard.outs(voice);
            (outs[1], outs[2])
        })
    }

    /// Notes of the voices whose gate is high.
    fn notes(&self) -> Vec<u8> {
        let all = (0..VOICES).map(|voice| self.keyboard.outs(voice));
        all.filter(|outs| outs[1] == 1.0).map(|outs| (outs[0] * 12.0 + 12.0).round() as u8).collect()
    }
}

const NONE: [u8; 0] = [];
const LOW: (f32, f32) = (0.0, 0.0);
const ROSE_NOW: (f32, f32) = (1.0, 1.0);
const HIGH: (f32, f32) = (1.0, 0.0);

fn on(note: u8) -> [u8; 3] {
    [0x90, note, 127]
}

fn off(note: u8) -> [u8; 3] {
    [0x80, note, 0]
}

#[test]
fn a_chord_in_one_instant_starts_in_one_frame_and_ends_when_it_is_let_go() {
    let mut player = Player::new(8, KeysMode::Poly);
    player.play(&[on(60), on(64), on(67)]);
    assert_eq!(player.gates(), [LOW; 3]);
    assert_eq!(player.play(&[]).gates(), [ROSE_NOW; 3]);
    assert_eq!(player.play(&[]).gates(), [HIGH; 3]);
    assert_eq!(player.play(&[off(64)]).gates(), [HIGH, LOW, HIGH]);
    assert_eq!(player.keyboard.outs(0), [4.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(player.play(&[[0x90, 60, 0], off(67)]).notes(), NONE);
}

#[test]
fn a_note_of_one_frame_has_a_gate_of_one_frame() {
    let mut player = Player::new(1, KeysMode::Poly);
    assert_eq!(player.play(&[on(60), off(60)]).gates(), [LOW]);
    assert_eq!(player.play(&[]).gates(), [ROSE_NOW]);
    assert_eq!(player.play(&[]).gates(), [LOW]);
    player.play(&[on(60)]);
    assert_eq!(player.play(&[off(60)]).gates(), [ROSE_NOW], "let go in the frame in which it rises");
    assert_eq!(player.play(&[]).gates(), [LOW]);
}

#[test]
fn the_voice_let_go_first_is_taken_first_then_the_one_struck_first() {
    let mut player = Player::new(3, KeysMode::Poly);
    player.play(&[on(60), on(61), on(62)]).play(&[]).play(&[off(62)]).play(&[off(60)]).play(&[on(70)]).play(&[]);
    assert_eq!(player.notes(), [61, 70], "voice 2 was let go before voice 0");
    player.play(&[on(71)]).play(&[]);
    assert_eq!(player.notes(), [71, 61, 70]);
    assert_eq!(player.play(&[on(72)]).gates(), [HIGH, LOW, HIGH], "the oldest is stolen, its gate falls for a frame");
    player.play(&[]);
    assert_eq!(player.notes(), [71, 72, 70]);
    assert_eq!(player.play(&[off(61)]).notes(), [71, 72, 70], "a stolen note's end ends nothing");
    player.play(&[on(72)]).play(&[]);
    assert_eq!(player.notes(), [71, 72, 70], "a note struck again has its own voice");
}

#[test]
fn the_pedal_holds_what_is_let_go_until_it_comes_up() {
    let mut player = Player::new(4, KeysMode::Poly);
    let pedal = |value| [0xb0, 64, value];
    player.play(&[on(60), pedal(127)]).play(&[off(60)]).play(&[on(62)]).play(&[]);
    assert_eq!(player.notes(), [60, 62]);
    assert_eq!(player.play(&[pedal(0)]).notes(), [62]);
    player.play(&[pedal(127), off(62)]).from(1, &[pedal(0)]);
    assert_eq!(player.notes(), [62], "another port's pedal");
    assert_eq!(player.play(&[[0xb1, 64, 0]]).notes(), [62], "another channel's");
    assert_eq!(player.play(&[[0xb0, 121, 0]]).notes(), NONE, "controllers back");
}

#[test]
fn all_notes_off_and_all_sound_off_release_their_channel_of_their_port() {
    for controller in [120, 123, 126] {
        let mut player = Player::new(8, KeysMode::Poly);
        player.play(&[on(60), [0x91, 61, 1], [0xb0, 64, 127], on(62), off(62)]).from(1, &[on(63)]).play(&[]);
        assert_eq!(player.notes(), [60, 61, 62, 63]);
        assert_eq!(player.play(&[[0xb0, controller, 0]]).notes(), [61, 63], "{controller}");
    }
}

#[test]
fn one_note_at_a_time_goes_back_to_the_key_that_is_still_down() {
    let mut player = Player::new(1, KeysMode::Mono);
    player.play(&[on(60)]).play(&[]);
    assert_eq!((player.notes(), player.keyboard.outs(0)[7]), (vec![60], 0.0));
    assert_eq!(player.play(&[on(64)]).gates(), [LOW], "each starts anew");
    assert_eq!((player.play(&[]).gates(), player.keyboard.outs(0)[7]), ([ROSE_NOW], 1.0));
    player.play(&[]);
    assert_eq!(player.play(&[off(64)]).gates(), [HIGH]);
    assert_eq!(player.notes(), [60]);
    assert_eq!(player.play(&[off(60)]).notes(), NONE);
}

#[test]
fn legato_ties_and_starts_only_a_phrase() {
    let mut player = Player::new(1, KeysMode::Legato);
    player.play(&[on(60)]).play(&[]).play(&[]);
    assert_eq!(player.play(&[on(64)]).gates(), [HIGH]);
    assert_eq!((player.notes(), player.keyboard.outs(0)[7]), (vec![64], 1.0));
    assert_eq!(player.play(&[off(60)]).notes(), [64]);
    assert_eq!(player.play(&[off(64)]).notes(), NONE);
    assert_eq!(player.play(&[on(62)]).play(&[]).gates(), [ROSE_NOW]);
    assert_eq!(player.keyboard.outs(0)[7], 0.0, "a new phrase is not tied");
}

#[test]
fn unison_plays_the_last_note_on_every_voice() {
    let mut player = Player::new(4, KeysMode::Unison);
    player.play(&[on(60)]).play(&[on(67)]).play(&[]);
    assert_eq!(player.notes(), [67; 4]);
    assert_eq!(player.play(&[off(67)]).notes(), [60; 4]);
    assert_eq!(player.play(&[[0xb0, 123, 0]]).notes(), NONE);
}

#[test]
fn more_keys_than_are_remembered_leave_nothing_behind() {
    let mut player = Player::new(1, KeysMode::Mono);
    let all: Vec<[u8; 3]> = (0..128).map(on).collect();
    player.play(&all).play(&[]);
    assert_eq!(player.notes(), [127]);
    let up: Vec<[u8; 3]> = (0..128).rev().map(off).collect();
    player.play(&up).play(&[]);
    assert_eq!(player.notes(), NONE);
}

#[test]
fn bends_pressures_and_modulation_reach_the_voices_of_their_channel() {
    let mut player = Player::new(4, KeysMode::Poly);
    player.play(&[on(60), [0x91, 61, 64], [0xe1, 0, 0], [0xb0, 1, 127], [0xa0, 60, 127]]).play(&[]);
    assert_eq!(player.keyboard.outs(0), [4.0, 1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0]);
    let outs = player.keyboard.outs(1);
    assert_eq!((outs[3], outs[5], outs[6]), (64.0 / 127.0, 0.0, -1.0));
    let pressure = Message::new(&[0xd1, 127]).expect("a message");
    player.keyboard.hear(0, pressure, player.hears);
    assert_eq!((player.keyboard.outs(0)[4], player.keyboard.outs(1)[4]), (1.0, 1.0));
    assert_eq!([bend(0, 64), bend(127, 127), bend(0, 0)], [0.0, 1.0, -1.0]);
}

#[test]
fn what_is_heard_no_more_is_released() {
    let mut player = Player::new(4, KeysMode::Poly);
    player.play(&[on(60), [0xb0, 64, 127], on(61), off(61), [0xe0, 0, 0]]).play(&[]).play(&[]);
    player.keyboard.begin(7);
    assert_eq!(player.notes(), [60, 61], "the same filter");
    player.keyboard.begin(8);
    assert_eq!(player.notes(), NONE);
    assert_eq!(player.keyboard.outs(0)[6], 0.0);
}
