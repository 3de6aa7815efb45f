use super::file::{Part, create};
use super::*;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

const RATE: u32 = 48_000;

fn read(path: &Path) -> (u16, Vec<f32>) {
    let mut reader = hound::WavReader::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    (reader.spec().channels, reader.samples::<f32>().map(|sample| sample.expect("a sample")).collect())
}

/// A take that has begun.
fn take(path: &Path, channels: u16) -> (Recorder, Tap, PathBuf) {
    let (recorder, tap) = Recorder::start(RATE, channels, None).expect("a recorder");
    let path = recorder.begin(path).expect("a take");
    (recorder, tap, path)
}

#[test]
fn a_take_has_every_frame_in_all_its_channels() {
    let dir = tempfile::tempdir().expect("a folder");
    for channels in [1u16, 2, 6] {
        let (recorder, mut tap, path) = take(&dir.path().join(format!("{channels}.wav")), channels);
        let mut sent = vec![];
        for i in 0..10_000 {
            let frame: Vec<f32> = (0..channels).map(|channel| (i as f32 + f32::from(channel) * 0.1) * 1e-5).collect();
            sent.extend(&frame);
            tap.take(&frame);
        }
        assert_eq!(recorder.finish(), []);
        assert_eq!(read(&path), (channels, sent));
    }
    // A device that has fewer, or more, than when the take began.
    let (recorder, mut tap, path) = take(&dir.path().join("other.wav"), 3);
    tap.take(&[0.5]);
    tap.take(&[0.1, 0.2, 0.3, 0.4]);
    assert_eq!(recorder.finish(), []);
    assert_eq!(read(&path), (3, vec![0.5, 0.5, 0.5, 0.1, 0.2, 0.3]));
}

#[test]
fn nothing_is_written_over() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("set.wav");
    std::fs::write(&path, "not to be lost").expect("written");
    for name in ["set-2.wav", "set-3.wav"] {
        let (recorder, mut tap, own) = take(&path, 2);
        assert_eq!(own, dir.path().join(name));
        tap.take(&[0.5, 0.5]);
        recorder.finish();
        assert_eq!(read(&dir.path().join(name)).1, [0.5, 0.5]);
    }
    assert_eq!(std::fs::read(&path).expect("a file"), b"not to be lost");
    let (recorder, _tap) = Recorder::start(RATE, 2, None).expect("a recorder");
    assert!(matches!(recorder.begin(&dir.path().join("no/folder.wav")), Err(Error::File { .. })));
}

#[test]
fn a_file_can_be_read_while_it_is_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let (recorder, mut tap, path) = take(&dir.path().join("a.wav"), 2);
    assert!(read(&path).1.is_empty(), "from the beginning on");
    (0..1000).for_each(|_| tap.take(&[0.25, 0.25]));
    std::thread::sleep(HEADER * 2 + LOOK * 5);
    assert_eq!(read(&path).1, [0.25; 2000]);
    recorder.finish();
}

#[test]
fn the_thread_ends_when_the_engine_lets_go_of_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut recorder, mut tap, path) = take(&dir.path().join("a.wav"), 2);
    (0..1000).for_each(|_| tap.take(&[0.25, 0.25]));
    drop(tap);
    recorder.thread.take().expect("it runs").join().expect("it ends");
    assert_eq!(read(&path).1, [0.25; 2000]);
}

/// A disk thread that runs only when it is told to, with room for so many words.
fn disk(room: usize, take: Option<Roll>, last: Option<Last>) -> (Disk, Tap, Sender<Command>, Receiver<Told>) {
    let (ring, words) = RingBuffer::new(room);
    let (commands, inbox) = channel();
    let (teller, told) = channel();
    let disk = Disk { words, inbox, teller, width: 2, take, last, lapsed: false, joins: vec![] };
    (disk, Tap { ring, channels: 2, missing: 0 }, commands, told)
}

#[test]
fn a_take_begins_and_ends_where_it_is_told_to() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut disk, mut tap, commands, _) = disk(1000, None, None);
    let mut at = 0;
    let mut send = |count: usize| {
        (0..count).for_each(|_| {
            at += 1;
            tap.take(&[at as f32, 0.0]);
        });
    };
    let begin = |name: &str| {
        let roll = Roll::begin(&dir.path().join(name), RATE, 2, LARGEST).expect("a take");
        commands.send(Command::Begin(roll)).expect("sent");
    };
    send(3);
    disk.turn();
    begin("a.wav");
    send(5);
    disk.turn();
    send(2);
    commands.send(Command::End).expect("sent");
    disk.turn();
    send(4);
    disk.turn();
    begin("b.wav");
    send(1);
    commands.send(Command::Finish).expect("sent");
    assert!(disk.turn());
    let left = |name: &str| -> Vec<f32> { read(&dir.path().join(name)).1.into_iter().step_by(2).collect() };
    disk.flush();
    assert_eq!(left("a.wav"), [4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]);
    assert_eq!(left("b.wav"), [15.0]);
}

#[test]
fn what_the_disk_misses_is_silent_and_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.wav");
    // Nothing reads while these come: eight find room, and four do not.
    let roll = Roll::begin(&path, RATE, 2, LARGEST).expect("a take");
    let (mut disk, mut tap, _commands, told) = disk(16, Some(roll), None);
    (0..12).for_each(|_| tap.take(&[0.5, 0.5]));
    disk.turn();
    tap.take(&[0.25, 0.25]);
    disk.turn();
    disk.flush();
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [Told::Missing(4)]);
    let expected: Vec<f32> = [[0.5; 16].as_slice(), &[0.0; 8], &[0.25; 2]].concat();
    assert_eq!(read(&path).1, expected);
}

#[test]
fn a_file_that_is_as_large_as_it_can_be_is_continued_in_another() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.wav");
    // 100 frames of 8 bytes.
    let roll = Roll::begin(&path, RATE, 2, 807).expect("a take");
    let (mut disk, mut tap, commands, told) = disk(1000, Some(roll), None);
    (0..250).for_each(|i| tap.take(&[i as f32, 0.0]));
    commands.send(Command::End).expect("sent");
    disk.turn();
    let (second, third) = (dir.path().join("a-2.wav"), dir.path().join("a-3.wav"));
    let continued = |next: &PathBuf| Told::Continued { file: path.clone(), next: next.clone() };
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [continued(&second), continued(&third)]);
    let all: Vec<f32> = [&path, &second, &third].into_iter().flat_map(|path| read(path).1).step_by(2).collect();
    assert_eq!(all, (0..250).map(|i| i as f32).collect::<Vec<_>>());
}

/// The numbers of a joined file, whose left side counts frames, and its folder's bytes.
fn kept(folder: &Path, path: &Path) -> Vec<f32> {
    let (file, _) = Pieces::left(folder).expect("something is left").join(path).expect("joined");
    read(&file).1.into_iter().step_by(2).collect()
}

#[test]
fn the_last_minutes_are_kept_to_the_frame_in_little_room() {
    let dir = tempfile::tempdir().expect("a folder");
    // Ten seconds at 100 frames a second: files of a second.
    let keep = Keep { folder: dir.path().join("last"), seconds: 10.0 };
    let last = Last::begin(&keep, 100, 2).expect("a folder");
    let (mut disk, mut tap, commands, told) = disk(1000, None, Some(last));
    let names = || std::fs::read_dir(&keep.folder).expect("a folder").count();
    for at in 0..3456u32 {
        tap.take(&[at as f32, -1.0]);
        if at % 64 == 63 {
            disk.turn();
            assert!(names() <= 12, "{} files", names());
        }
    }
    let out = dir.path().join("kept.wav");
    commands.send(Command::Keep(out.clone())).expect("sent");
    (3456..4000).take(40).for_each(|at| tap.take(&[at as f32, -1.0]));
    disk.turn();
    // More comes, and the oldest go, while they are joined.
    (3496..3800).for_each(|at| tap.take(&[at as f32, -1.0]));
    disk.turn();
    disk.joins.drain(..).for_each(|join| join.join().expect("it ends"));
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [Told::Kept { file: out.clone(), seconds: 10.0 }]);
    let expected: Vec<f32> = (2496..3496).map(|at| at as f32).collect();
    assert_eq!(read(&out).1.into_iter().step_by(2).collect::<Vec<_>>(), expected);
    // Killed here, all that had its header brought up to date is there: more than was asked for, in order.
    disk.flush();
    let left = kept(&keep.folder, &out);
    assert!(dir.path().join("kept-2.wav").exists(), "nothing is written over");
    let expected: Vec<f32> = (3800 - left.len()..3800).map(|at| at as f32).collect();
    assert!(left == expected && left.len() >= 1000, "{} frames", left.len());
}

#[test]
fn what_is_joined_goes_into_as_many_files_as_it_needs_and_holes_are_silent() {
    let dir = tempfile::tempdir().expect("a folder");
    let keep = Keep { folder: dir.path().join("last"), seconds: 10.0 };
    let mut last = Last::begin(&keep, 100, 2).expect("a folder");
    (1..=300u32).for_each(|at| last.write(&[(at as f32).to_bits(), 0]).expect("written"));
    last.flush().expect("flushed");
    // The second of three files is gone.
    std::fs::remove_file(keep.folder.join("000000000100.wav")).expect("it is there");
    let out = dir.path().join("kept.wav");
    let (file, seconds) = Pieces::left(&keep.folder).expect("some").join_in(&out, 807).expect("joined");
    assert_eq!((file, seconds), (out.clone(), 3.0));
    let all = [out, dir.path().join("kept-2.wav"), dir.path().join("kept-3.wav")];
    let all: Vec<f32> = all.iter().flat_map(|path| read(path).1).step_by(2).collect();
    let expected = (1..=300).map(|at| if (101..=200).contains(&at) { 0.0 } else { at as f32 });
    assert_eq!(all, expected.collect::<Vec<f32>>());
    let nothing = dir.path().join("nothing");
    assert!(Pieces::left(&nothing).is_err());
    std::fs::create_dir(&nothing).expect("made");
    assert!(Pieces::left(&nothing).is_err());
}

#[test]
fn a_disk_that_takes_no_more_is_told_once_and_tried_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let keep = Keep { folder: dir.path().join("last"), seconds: 10.0 };
    let last = Last::begin(&keep, 100, 2).expect("a folder");
    let (mut disk, mut tap, _commands, told) = disk(1000, None, Some(last));
    let mut send = |disk: &mut Disk, from: u32, to: u32| {
        for at in from..to {
            tap.take(&[at as f32, 0.0]);
            disk.turn();
        }
        disk.flush();
    };
    send(&mut disk, 0, 150);
    // The folder goes away, and files of its own can no longer be made.
    std::fs::rename(&keep.folder, dir.path().join("gone")).expect("renamed");
    send(&mut disk, 150, 700);
    assert!(matches!(&told.try_iter().collect::<Vec<_>>()[..], [Told::Lapsed(_)]), "said once");
    std::fs::rename(dir.path().join("gone"), &keep.folder).expect("renamed");
    send(&mut disk, 700, 1000);
    assert_eq!(told.try_iter().count(), 0);
    let left = kept(&keep.folder, &dir.path().join("kept.wav"));
    let silent = left.iter().skip(1).filter(|at| **at == 0.0).count();
    assert!(left.len() == 1000 && (500..=600).contains(&silent), "{} frames, {silent} silent", left.len());
    assert!(left.iter().enumerate().all(|(i, at)| *at == 0.0 || *at == i as f32), "each at its time");
}

/// A disk with so many bytes left.
struct Small {
    file: File,
    left: usize,
}

impl Write for Small {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let at = self.file.stream_position()?;
        let end = self.file.metadata()?.len();
        let fresh = (at + bytes.len() as u64).saturating_sub(end) as usize;
        if fresh > self.left {
            let some = &bytes[..bytes.len() - (fresh - self.left)];
            if some.is_empty() {
                return Err(std::io::ErrorKind::StorageFull.into());
            }
            self.left = 0;
            return self.file.write(some);
        }
        self.left -= fresh;
        self.file.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

impl Seek for Small {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.file.seek(to)
    }
}

#[test]
fn on_a_full_disk_the_file_can_be_read_as_far_as_it_goes() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.wav");
    let (file, _) = create(&path).expect("a file");
    let mut part = Part::new(Small { file, left: 300_000 }, 48_000, 2).expect("a part");
    let mut good = 0;
    let mut failed = None;
    for i in 0..100_000u32 {
        if let Err(why) = part.write(&[0x3f00_0000, i]) {
            failed = Some(why);
            break;
        }
        if i % 5000 == 4999 {
            if let Err(why) = part.flush() {
                failed = Some(why);
                break;
            }
            good = i as usize + 1;
        }
    }
    assert!(failed.is_some_and(|why| why.contains("no storage space")), "it is said");
    drop(part);
    let (_, samples) = read(&path);
    assert_eq!(samples.len(), good * 2);
    assert!(good >= 30_000 && samples.iter().step_by(2).all(|sample| *sample == 0.5));
}
