use super::*;
use std::io::SeekFrom;

fn read(path: &Path) -> (u16, Vec<f32>) {
    let mut reader = hound::WavReader::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    (reader.spec().channels, reader.samples::<f32>().map(|sample| sample.expect("a sample")).collect())
}

#[test]
fn a_take_has_every_frame_in_one_or_two_channels() {
    let dir = tempfile::tempdir().expect("a folder");
    for channels in [1u16, 2, 6] {
        let path = dir.path().join(format!("{channels}.wav"));
        let (take, mut tap) = Take::begin(&path, 48_000, channels).expect("a take");
        let mut sent = vec![];
        for i in 0..10_000 {
            let mut frame = vec![0.0; usize::from(channels)];
            frame[0] = i as f32 * 1e-5;
            frame.get_mut(1).into_iter().for_each(|right| *right = -0.5);
            sent.extend(&frame[..usize::from(channels.min(2))]);
            tap.take(&frame);
        }
        assert_eq!(take.finish(), []);
        assert_eq!(read(&path), (channels.min(2), sent));
    }
}

#[test]
fn nothing_is_written_over() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("set.wav");
    std::fs::write(&path, "not to be lost").expect("written");
    for name in ["set-2.wav", "set-3.wav"] {
        let (take, mut tap) = Take::begin(&path, 48_000, 2).expect("a take");
        assert_eq!(take.path(), dir.path().join(name));
        tap.take(&[0.5, 0.5]);
        take.finish();
        assert_eq!(read(&dir.path().join(name)).1, [0.5, 0.5]);
    }
    assert_eq!(std::fs::read(&path).expect("a file"), b"not to be lost");
    assert!(matches!(Take::begin(&dir.path().join("no/folder.wav"), 48_000, 2), Err(Error::File { .. })));
}

#[test]
fn a_file_can_be_read_while_it_is_written() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.wav");
    let (take, mut tap) = Take::begin(&path, 48_000, 2).expect("a take");
    assert!(read(&path).1.is_empty(), "from the beginning on");
    (0..1000).for_each(|_| tap.take(&[0.25, 0.25]));
    std::thread::sleep(HEADER * 2 + LOOK * 5);
    assert_eq!(read(&path).1, [0.25; 2000]);
    take.finish();
}

#[test]
fn a_take_ends_when_the_engine_lets_go_of_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.wav");
    let (mut take, mut tap) = Take::begin(&path, 48_000, 2).expect("a take");
    (0..1000).for_each(|_| tap.take(&[0.25, 0.25]));
    drop(tap);
    take.thread.take().expect("it runs").join().expect("it ends");
    assert_eq!(read(&path).1, [0.25; 2000]);
}

#[test]
fn what_the_disk_misses_is_silent_and_told() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.wav");
    let (ring, frames) = RingBuffer::new(8);
    // Nothing reads while these come: eight find room, and four do not.
    let (teller, told) = channel();
    let mut tap = Tap { ring, missing: 0 };
    (0..12).for_each(|_| tap.take(&[0.5, 0.5]));
    let (file, _) = create(&path).expect("a file");
    let part = Part::new(file, 48_000, 2).expect("a part");
    let mut recorder =
        Recorder { part, path: path.clone(), rate: 48_000, channels: 2, frames, teller, largest: LARGEST };
    recorder.drain().expect("written");
    tap.take(&[0.25, 0.25]);
    recorder.drain().expect("written");
    recorder.part.flush().expect("flushed");
    assert_eq!(told.try_iter().collect::<Vec<_>>(), [Told::Missing(4)]);
    let expected: Vec<f32> = [[0.5; 16].as_slice(), &[0.0; 8], &[0.25; 2]].concat();
    assert_eq!(read(&path).1, expected);
}

#[test]
fn a_file_that_is_as_large_as_it_can_be_is_continued_in_another() {
    let dir = tempfile::tempdir().expect("a folder");
    let path = dir.path().join("a.wav");
    let (ring, frames) = RingBuffer::new(1000);
    let (teller, told) = channel();
    let mut tap = Tap { ring, missing: 0 };
    (0..250).for_each(|i| tap.take(&[i as f32, 0.0]));
    let (file, _) = create(&path).expect("a file");
    let part = Part::new(file, 48_000, 2).expect("a part");
    // 100 frames of 8 bytes.
    let recorder = Recorder { part, path: path.clone(), rate: 48_000, channels: 2, frames, teller, largest: 807 };
    recorder.run(&AtomicBool::new(true));
    let second = dir.path().join("a-2.wav");
    let third = dir.path().join("a-3.wav");
    let expected = [Told::Continued(second.clone()), Told::Continued(third.clone())];
    assert_eq!(told.try_iter().collect::<Vec<_>>(), expected);
    let all: Vec<f32> = [path, second, third].iter().flat_map(|path| read(path).1).step_by(2).collect();
    assert_eq!(all, (0..250).map(|i| i as f32).collect::<Vec<_>>());
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
        if let Err(why) = part.write([0x3f00_0000, i]) {
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
