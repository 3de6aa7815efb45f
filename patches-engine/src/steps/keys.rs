//! A keyboard's voices: which note sounds in which voice, what pedals hold, what is stolen. A strike lowers the voice's
//! gate at its own frame and raises it, with a trigger, at the next: so a voice that is stolen starts anew also where only
//! its gate is wired, and the notes of a chord start together, stolen or not. A gate is high for a frame at least.

use crate::midi::Message;
use patches_core::lower::{Hears, KeysMode};

/// Voices at most.
pub const VOICES: usize = 64;
/// Keys that are remembered while they are down, where one note sounds at a time.
const DOWN: usize = 64;
/// How many outputs a voice has.
pub const OUTS: usize = 8;
/// Pitch of a voice that has played nothing yet: C4, as oscillators have.
const REST: f32 = 4.0;

/// The gate is high.
const GATE: u32 = 1;
/// It rises at the next frame.
const START: u32 = 2;
/// It rose at this frame.
const ROSE: u32 = 4;
/// It falls as soon as it has been high for a frame.
const FALL: u32 = 8;
/// The key is down.
const HELD: u32 = 16;
/// The key is up, the pedal holds the note.
const PEDAL: u32 = 32;

/// A key: port, channel and note in one word, plus 1; 0 is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[repr(transparent)]
struct Key(u32);

impl Key {
    fn new(port: u16, channel: usize, note: u8) -> Key {
        Key((u32::from(port) << 11 | (channel as u32) << 7 | u32::from(note)) + 1)
    }

    fn channel(self) -> usize {
        (self.0.wrapping_sub(1) >> 7 & 15) as usize
    }

    fn pitch(self) -> f32 {
        if self.0 == 0 { REST } else { (((self.0 - 1) & 127) as f32 - 12.0) / 12.0 }
    }

    fn is_of(self, port: u16, channel: usize) -> bool {
        self.0 != 0 && (self.0 - 1) >> 7 == (u32::from(port) << 4 | channel as u32)
    }
}

#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Voice {
    key: Key,
    velocity: f32,
    pressure: f32,
    slur: f32,
    /// When it was struck, or let go: smaller is longer ago.
    age: u32,
    flags: u32,
}

/// The state of a keyboard, in words of which zero is the beginning.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Keyboard {
    voices: [Voice; VOICES],
    down: [Key; DOWN],
    count: u32,
    age: u32,
    /// A bit for each channel of 64 ports.
    pedals: [u32; 32],
    bend: [f32; 16],
    modulation: [f32; 16],
    pressure: [f32; 16],
    /// What it hears, as one number; 0 before the first run.
    mark: u32,
    /// A change is due at the next frame.
    due: u32,
}

impl Keyboard {
    /// To be called at the beginning of a run. Where an edit has changed what is heard, nobody would release what is held.
    pub fn begin(&mut self, mark: u32) {
        if self.mark != mark && self.mark != 0 {
            (self.pedals, self.count) = ([0; 32], 0);
            (self.bend, self.modulation, self.pressure) = ([0.0; 16], [0.0; 16], [0.0; 16]);
            for voice in 0..VOICES {
                self.release(voice);
            }
        }
        self.mark = mark;
    }

    /// To be called at each frame, before its messages. Whether anything changes.
    pub fn tick(&mut self) -> bool {
        if self.due == 0 {
            return false;
        }
        self.due = 0;
        for voice in &mut self.voices {
            if voice.flags & START != 0 {
                voice.flags = voice.flags & !START | GATE | ROSE;
                self.due = 1;
            } else if voice.flags & ROSE != 0 {
                let falls = if voice.flags & FALL != 0 { GATE | FALL } else { 0 };
                voice.flags &= !(ROSE | falls);
            }
        }
        true
    }

    /// A voice's outputs: pitch, gate, trigger, velocity, pressure, modulation, bend, slur.
    pub fn outs(&self, voice: usize) -> [f32; OUTS] {
        let voice = &self.voices[voice];
        let high = |flag: u32| if voice.flags & flag != 0 { 1.0 } else { 0.0 };
        let channel = voice.key.channel();
        let of = |controllers: &[f32; 16]| if voice.key.0 == 0 { 0.0 } else { controllers[channel] };
        let whole = of(&self.pressure);
        let pressure = if voice.pressure > whole { voice.pressure } else { whole };
        let (modulation, bend) = (of(&self.modulation), of(&self.bend));
        [voice.key.pitch(), high(GATE), high(ROSE), voice.velocity, pressure, modulation, bend, voice.slur]
    }

    /// Acts on a message.
    pub fn hear(&mut self, port: u16, message: Message, hears: Hears) {
        let Hears::Keys { voices, mode } = hears else { return };
        let voices = usize::from(voices).clamp(1, VOICES);
        let (kind, channel, one, two) = message.parts();
        let part = |byte: u8| f32::from(byte) / 127.0;
        match (kind, one) {
            (0x80, note) => self.let_go(Key::new(port, channel, note), mode),
            (0x90, note) if two == 0 => self.let_go(Key::new(port, channel, note), mode),
            (0x90, note) => self.strike(Key::new(port, channel, note), part(two), voices, mode),
            (0xa0, note) => {
                let key = Key::new(port, channel, note);
                self.voices.iter_mut().filter(|voice| voice.key == key).for_each(|voice| voice.pressure = part(two));
            }
            (0xd0, pressure) => self.pressure[channel] = part(pressure),
            (0xe0, _) => self.bend[channel] = bend(one, two),
            (0xb0, 1) => self.modulation[channel] = part(two),
            (0xb0, 64) => self.pedal(port, channel, two >= 64),
            (0xb0, 121) => {
                (self.bend[channel], self.modulation[channel], self.pressure[channel]) = (0.0, 0.0, 0.0);
                self.pedal(port, channel, false);
            }
            // All sound off, all notes off, and the modes that imply it.
            (0xb0, 120 | 123..=127) => self.all_off(port, channel, mode),
            _ => {}
        }
    }

    fn strike(&mut self, key: Key, velocity: f32, voices: usize, mode: KeysMode) {
        if mode == KeysMode::Poly {
            return self.start(self.free(key, voices), key, velocity, 0.0);
        }
        self.lift(key);
        let tied = self.count > 0;
        if self.count as usize == DOWN {
            self.down.copy_within(1.., 0);
            self.count -= 1;
        }
        self.down[self.count as usize] = key;
        self.count += 1;
        let slur = if tied { 1.0 } else { 0.0 };
        let sounds = self.voices[0].flags & (GATE | START) != 0;
        if mode == KeysMode::Legato && tied && sounds {
            self.glide(key);
            self.voices[0].velocity = velocity;
            return;
        }
        for voice in 0..if mode == KeysMode::Unison { voices } else { 1 } {
            self.start(voice, key, velocity, slur);
        }
    }

    /// The voice for a note: the one that plays it, else the one that was let go first, else the one struck first.
    fn free(&self, key: Key, voices: usize) -> usize {
        let all = &self.voices[..voices];
        let plays = |voice: &Voice| voice.key == key && voice.flags & (HELD | PEDAL) != 0;
        let rank = |voice: &Voice| (voice.flags & (HELD | PEDAL) != 0, voice.age);
        let oldest = || (0..voices).min_by_key(|&i| rank(&all[i])).unwrap_or(0);
        all.iter().position(plays).unwrap_or_else(oldest)
    }

    fn start(&mut self, voice: usize, key: Key, velocity: f32, slur: f32) {
        self.age = self.age.wrapping_add(1);
        self.voices[voice] = Voice { key, velocity, pressure: 0.0, slur, age: self.age, flags: START | HELD };
        self.due = 1;
    }

    /// Goes on to another key without a start.
    fn glide(&mut self, key: Key) {
        for voice in &mut self.voices {
            if voice.flags & (HELD | PEDAL) != 0 {
                (voice.key, voice.slur) = (key, 1.0);
                voice.flags = voice.flags & !PEDAL | HELD;
            }
        }
    }

    fn let_go(&mut self, key: Key, mode: KeysMode) {
        if mode != KeysMode::Poly {
            self.lift(key);
            if self.voices[0].key == key && self.count > 0 {
                return self.glide(self.down[self.count as usize - 1]);
            }
        }
        let held = self.pedals[Keyboard::pedal_word(key)] & Keyboard::pedal_bit(key) != 0;
        for voice in 0..VOICES {
            if self.voices[voice].key != key || self.voices[voice].flags & HELD == 0 {
                continue;
            }
            if held {
                self.voices[voice].flags = self.voices[voice].flags & !HELD | PEDAL;
            } else {
                self.release(voice);
            }
        }
    }

    fn release(&mut self, voice: usize) {
        let age = self.age.wrapping_add(1);
        let voice = &mut self.voices[voice];
        if voice.flags & (HELD | PEDAL) == 0 {
            return;
        }
        (self.age, voice.age) = (age, age);
        voice.flags &= !(HELD | PEDAL);
        if voice.flags & (START | ROSE) != 0 {
            voice.flags |= FALL;
            self.due = 1;
        } else {
            voice.flags &= !GATE;
        }
    }

    /// Takes a key out of those that are down.
    fn lift(&mut self, key: Key) {
        let count = self.count as usize;
        if let Some(place) = self.down[..count].iter().position(|down| *down == key) {
            self.down.copy_within(place + 1..count, place);
            self.count -= 1;
        }
    }

    fn pedal_word(key: Key) -> usize {
        ((key.0 - 1) >> 7) as usize / 32 % 32
    }

    fn pedal_bit(key: Key) -> u32 {
        1 << ((key.0 - 1) >> 7 & 31)
    }

    fn pedal(&mut self, port: u16, channel: usize, down: bool) {
        let any = Key::new(port, channel, 0);
        let (word, bit) = (Keyboard::pedal_word(any), Keyboard::pedal_bit(any));
        if down {
            self.pedals[word] |= bit;
            return;
        }
        self.pedals[word] &= !bit;
        for voice in 0..VOICES {
            if self.voices[voice].flags & PEDAL != 0 && self.voices[voice].key.is_of(port, channel) {
                self.release(voice);
            }
        }
    }

    fn all_off(&mut self, port: u16, channel: usize, mode: KeysMode) {
        let mut kept = 0;
        for index in 0..self.count as usize {
            if !self.down[index].is_of(port, channel) {
                self.down[kept] = self.down[index];
                kept += 1;
            }
        }
        self.count = kept as u32;
        if mode != KeysMode::Poly && kept > 0 {
            if self.voices[0].key.is_of(port, channel) {
                self.glide(self.down[kept - 1]);
            }
            return;
        }
        for voice in 0..VOICES {
            if self.voices[voice].key.is_of(port, channel) {
                self.release(voice);
            }
        }
    }
}

/// A bend of 14 bits as −1 to 1, both ends and the middle exact.
fn bend(low: u8, high: u8) -> f32 {
    let from_middle = i32::from(high) * 128 + i32::from(low) - 8192;
    from_middle as f32 / if from_middle < 0 { 8192.0 } else { 8191.0 }
}

#[cfg(test)]
mod tests;
