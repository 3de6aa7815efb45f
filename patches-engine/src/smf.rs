//! Standard MIDI files in: tracks of events, each so many ticks after the one before, merged into one list of notes at their
//! frames. Format 0 and 1, times in ticks of a beat under a map of tempos, or in parts of a film's frames. Source: The
//! International MIDI Association, "Standard MIDI Files 1.0" (1988). Ticks become frames by whole numbers, so that every
//! machine puts every note on the same frame.

use crate::error::Error;
use crate::midi::Message;
use crate::offline::Note;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

/// Bytes of a file at most.
pub const BYTES: u64 = 64 << 20;
/// Microseconds of a beat where nothing says otherwise: 120 beats a minute.
const TEMPO: u32 = 500_000;

/// A file as notes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Song {
    /// What is played, in order; at the end everything is let go.
    pub notes: Vec<Note>,
    /// The frame at which it ends.
    pub end: u64,
}

/// Reads a file, for so many frames a second. The port of its notes is called after the file.
///
/// # Errors
/// If it cannot be read, or is no whole MIDI file of format 0 or 1.
pub fn read(path: &Path, rate: u32) -> Result<Song, Error> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(Error::file(path))?;
    file.take(BYTES + 1).read_to_end(&mut bytes).map_err(Error::file(path))?;
    let wrong = |(at, what): Wrong| Error::MidiFile { path: path.into(), at, what };
    if bytes.len() as u64 > BYTES {
        return Err(wrong((0, format!("more than {} MiB", BYTES >> 20))));
    }
    let port = path.file_stem().unwrap_or_default().to_string_lossy();
    song(&bytes, rate, &port).map_err(wrong)
}

/// At which byte, and what is wrong.
type Wrong = (usize, String);

/// How long a tick is.
enum Division {
    /// So many ticks are a beat.
    Beat(u64),
    /// So many ticks are so many seconds.
    Seconds(u64, u64),
}

/// What a track says.
enum What {
    Message(Message),
    /// Microseconds of a beat from here on.
    Tempo(u32),
    End,
}

/// Turns the bytes of a file into notes.
pub fn song(bytes: &[u8], rate: u32, port: &str) -> Result<Song, Wrong> {
    let mut reader = Reader { bytes, at: 0, end: bytes.len() };
    let (division, tracks) = head(&mut reader)?;
    let mut events: Vec<(u64, What)> = Vec::new();
    let mut found = 0;
    while reader.at < bytes.len() && found < tracks {
        let kind = reader.take(4, "the name of a chunk")?;
        let length = reader.number(4)? as usize;
        let end = reader.at.saturating_add(length);
        if end > bytes.len() {
            let left = bytes.len() - reader.at;
            return Err(reader.wrong(format!("a chunk of {length} bytes, and {left} are left: the file is cut off")));
        }
        // Chunks of other kinds are for other programs.
        if kind == b"MTrk" {
            found += 1;
            track(&mut Reader { bytes, at: reader.at, end }, &mut events)?;
        }
        reader.at = end;
    }
    if found < tracks {
        return Err(reader.wrong(format!("{found} tracks, and {tracks} are announced: the file is cut off")));
    }
    // Of one tick those of the first track come first, and tempos count from their own tick on.
    events.sort_by_key(|(tick, _)| *tick);
    Ok(timed(events, &division, rate, port))
}

/// The first chunk: how long a tick is, and how many tracks there are.
fn head(reader: &mut Reader<'_>) -> Result<(Division, usize), Wrong> {
    if reader.bytes.get(..4) != Some(b"MThd") {
        return Err((0, "no MIDI file: it does not begin with MThd".into()));
    }
    reader.at = 4;
    let length = reader.number(4)? as usize;
    let begins = reader.at;
    let (format, tracks, division) = (reader.number(2)?, reader.number(2)?, reader.number(2)? as u16);
    if length < 6 || begins.saturating_add(length) > reader.bytes.len() {
        return Err((4, format!("a head of {length} bytes; it has 6")));
    }
    reader.at = begins + length;
    if format > 1 {
        return Err((begins, format!("format {format}, which is several songs; expected format 0 or 1")));
    }
    let [high, low] = division.to_be_bytes();
    let division = match (high as i8, u64::from(low)) {
        (0.., _) if division > 0 => Division::Beat(u64::from(division)),
        // 29 stands for the 30000 / 1001 frames a second of American television.
        (-29, parts @ 1..) => Division::Seconds(30_000 * parts, 1001),
        (frames @ (-24 | -25 | -30), parts @ 1..) => Division::Seconds(u64::from(frames.unsigned_abs()) * parts, 1),
        _ => return Err((begins + 4, format!("ticks of {high} {low}, which is no time"))),
    };
    Ok((division, tracks as usize))
}

/// The events of a track, with their ticks from the beginning.
fn track(reader: &mut Reader<'_>, events: &mut Vec<(u64, What)>) -> Result<(), Wrong> {
    let mut tick = 0u64;
    let mut running = None;
    loop {
        // A track should say that it ends; one that does not ends with its chunk.
        if reader.at == reader.end {
            events.push((tick, What::End));
            return Ok(());
        }
        tick += u64::from(reader.variable()?);
        let at = reader.at;
        let status = match (reader.peek()?, running) {
            (status @ 0x80.., _) => {
                reader.at += 1;
                status
            }
            (_, Some(status)) => status,
            (byte, None) => return Err((at, format!("byte {byte} where an event begins"))),
        };
        match status {
            0x80..0xf0 => {
                running = Some(status);
                let count = if matches!(status & 0xf0, 0xc0 | 0xd0) { 1 } else { 2 };
                let data = reader.take(count, "an event")?;
                let whole: Vec<u8> = std::iter::once(status).chain(data.iter().copied()).collect();
                let message = Message::new(&whole).ok_or_else(|| (at, format!("{whole:?} is no message")))?;
                events.push((tick, What::Message(message)));
            }
            0xff => {
                running = None;
                let kind = reader.number(1)?;
                let length = reader.variable()? as usize;
                let data = reader.take(length, "an event")?;
                match (kind, data) {
                    (0x51, [a, b, c]) => events.push((tick, What::Tempo(u32::from_be_bytes([0, *a, *b, *c])))),
                    (0x2f, _) => {
                        events.push((tick, What::End));
                        return Ok(());
                    }
                    // Names, lyrics, keys: nothing to play.
                    _ => {}
                }
            }
            0xf0 | 0xf7 => {
                running = None;
                let length = reader.variable()? as usize;
                reader.take(length, "an event")?;
            }
            _ => return Err((at, format!("byte {status} where an event begins"))),
        }
    }
}

/// Puts events, in order of their ticks, on their frames.
fn timed(events: Vec<(u64, What)>, division: &Division, rate: u32, port: &str) -> Song {
    let port: Arc<str> = port.into();
    // Time so far, as ticks by the microseconds of a beat; or as ticks alone.
    let (mut time, mut last, mut tempo) = (0u128, 0u64, TEMPO);
    let (unit, per) = match *division {
        Division::Beat(ticks) => (1, u128::from(ticks) * 1_000_000),
        Division::Seconds(ticks, seconds) => (u128::from(seconds), u128::from(ticks)),
    };
    let mut notes = Vec::new();
    let mut end = 0;
    for (tick, what) in events {
        let long = if matches!(division, Division::Beat(_)) { u128::from(tempo) } else { 1 };
        time += u128::from(tick - last) * long;
        last = tick;
        // The nearest frame. 64 MiB of ticks of the longest kind are far inside 128 bits.
        let frames = (2 * time * unit * u128::from(rate) + per) / (2 * per);
        end = u64::try_from(frames).unwrap_or(u64::MAX);
        match what {
            What::Message(message) => notes.push(Note { at: end, port: port.clone(), message }),
            What::Tempo(new) => tempo = new,
            What::End => {}
        }
    }
    notes.extend(Message::release().map(|message| Note { at: end, port: port.clone(), message }));
    Song { notes, end }
}

/// Bytes up to the end of a chunk.
struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

impl<'a> Reader<'a> {
    fn wrong(&self, what: impl Into<String>) -> Wrong {
        (self.at, what.into())
    }

    fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8], Wrong> {
        let end = self.at.saturating_add(count);
        if end > self.end {
            return Err(self.wrong(format!("{what} goes beyond its end: the file is cut off")));
        }
        let taken = &self.bytes[self.at..end];
        self.at = end;
        Ok(taken)
    }

    fn peek(&self) -> Result<u8, Wrong> {
        let next = self.bytes.get(self.at).filter(|_| self.at < self.end);
        next.copied().ok_or_else(|| self.wrong("an event goes beyond its end: the file is cut off"))
    }

    /// A number of so many bytes, four at most, the high one first.
    fn number(&mut self, bytes: usize) -> Result<u32, Wrong> {
        let bytes = self.take(bytes, "a number")?;
        Ok(bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
    }

    /// A number of one to four bytes of seven bits, of which all but the last have their highest bit set.
    fn variable(&mut self) -> Result<u32, Wrong> {
        let begins = self.at;
        let mut number = 0;
        for _ in 0..4 {
            let byte = self.number(1)?;
            number = number << 7 | (byte & 0x7f);
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err((begins, "a number of more than four bytes".into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of these tracks.
    fn file(format: u16, division: u16, tracks: &[&[u8]]) -> Vec<u8> {
        let mut file = b"MThd\0\0\0\x06".to_vec();
        for word in [format, tracks.len() as u16, division] {
            file.extend(word.to_be_bytes());
        }
        for track in tracks {
            file.extend(b"MTrk");
            file.extend((track.len() as u32).to_be_bytes());
            file.extend(*track);
        }
        file
    }

    /// Frame and bytes of what is played before the end.
    fn played(file: &[u8], rate: u32) -> (Vec<(u64, Vec<u8>)>, u64) {
        let song = song(file, rate, "song").unwrap_or_else(|wrong| panic!("{wrong:?}"));
        let all: Vec<_> = song.notes.iter().map(|note| (note.at, note.message.bytes().to_vec())).collect();
        let (notes, release) = all.split_at(all.len() - Message::release().count());
        assert!(release.iter().all(|(at, _)| *at == song.end) && song.notes.iter().all(|note| &*note.port == "song"));
        (notes.to_vec(), song.end)
    }

    #[test]
    fn ticks_are_frames_under_a_map_of_tempos() {
        // At 96 ticks a beat: a beat at 120, then from its middle one at 60, in the other track.
        let tempo = [0x30, 0xff, 0x51, 3, 0x0f, 0x42, 0x40, 0x00, 0xff, 0x2f, 0];
        // Running status, a program, a name and a message for one maker's instruments between them.
        let notes = [
            0x00, 0xff, 0x03, 2, b'h', b'i', 0x00, 0xc1, 5, 0x00, 0x91, 60, 100, 0x60, 60, 0, 0x00, 0xf0, 2, 1, 0xf7,
            0x30, 0x81, 64, 0, 0x00, 0xff, 0x2f, 0,
        ];
        let (heard, end) = played(&file(1, 96, &[&tempo, &notes]), 48_000);
        let wanted = [
            (0, vec![0xc1, 5]),
            (0, vec![0x91, 60, 100]),
            // Half a beat of half a second, half of a second.
            (12_000 + 24_000, vec![0x91, 60, 0]),
            (36_000 + 24_000, vec![0x81, 64, 0]),
        ];
        assert_eq!((heard, end), (wanted.to_vec(), 60_000));
    }

    #[test]
    fn a_million_ticks_are_on_their_frames() {
        // A note every third of a beat of 480 ticks, at a tempo that is no whole number of frames.
        let mut track = vec![0x00, 0xff, 0x51, 3, 0x07, 0xa1, 0x21];
        for _ in 0..6250 {
            track.extend([0x81, 0x20, 0x90, 60, 100]);
        }
        let (heard, _) = played(&file(0, 480, &[&track]), 44_100);
        for (index, (at, _)) in heard.iter().enumerate() {
            let exact = (index + 1) as f64 * 160.0 * 500_001.0 / 480e6 * 44_100.0;
            assert!((*at as f64 - exact).abs() <= 0.5 + 1e-6, "note {index} at {at}, not {exact}");
        }
        assert_eq!(heard.last().map(|note| note.0), Some(45_937_592));
    }

    #[test]
    fn times_of_film_are_seconds() {
        let track = [0x28, 0x90, 60, 100];
        assert_eq!(played(&file(0, 0xe728, &[&track]), 48_000).1, 1920, "25 frames of 40 parts");
        assert_eq!(played(&file(0, 0xe328, &[&track]), 48_000).1, 1602, "1001 / 30000 s");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_byte() {
        let good = file(0, 96, &[&[0x00, 0x90, 60, 100]]);
        assert!(song(&good, 48_000, "").is_ok());
        let fault = |bytes: &[u8]| song(bytes, 48_000, "").expect_err("refused");
        assert_eq!(fault(b"RIFF").1, "no MIDI file: it does not begin with MThd");
        assert!(fault(&file(2, 96, &[&[]])).1.starts_with("format 2"));
        assert!(fault(&file(0, 0, &[&[]])).1.contains("no time"));
        assert_eq!(fault(&file(0, 96, &[&[0x00, 60, 60]])), (23, "byte 60 where an event begins".into()));
        assert_eq!(fault(&file(0, 96, &[&[0x00, 0xf5]])), (23, "byte 245 where an event begins".into()));
        assert!(fault(&file(0, 96, &[&[0x80, 0x80, 0x80, 0x80, 0]])).1.contains("more than four bytes"));
        assert!(fault(&file(0, 96, &[&[0x00, 0x90, 60, 200]])).1.contains("is no message"));
        for cut in 1..good.len() {
            let (at, what) = fault(&good[..cut]);
            assert!(at <= cut && !what.is_empty(), "{cut}: {at} {what}");
        }
    }

    #[test]
    fn no_bytes_whatever_do_harm() {
        let good = file(1, 96, &[&[0x00, 0xff, 0x51, 3, 1, 2, 3, 0x10, 0x90, 60, 100, 0x10, 60, 0], &[0x00, 0xc0, 1]]);
        let mut word = 1u64;
        for _ in 0..200_000 {
            let mut bytes = good.clone();
            for _ in 0..3 {
                word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = (word >> 33) as usize % bytes.len();
                bytes[at] = (word >> 24) as u8;
            }
            // Whether it can be read or not, it ends.
            let _ = song(&bytes, 384_000, "");
        }
    }
}
