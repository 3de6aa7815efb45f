use super::super::{Inlet, Names, Port};
use super::*;
use basedrop::Collector;
use rtrb::RingBuffer;
use std::sync::Arc;
use std::time::Duration;

const FRAMES: u64 = 256;

struct Desk {
    queue: Queue,
    inlet: Inlet,
    collector: Collector,
    epoch: Instant,
    clock: u64,
}

impl Desk {
    fn new() -> Desk {
        let epoch = Instant::now();
        let collector = Collector::new();
        let (openings, inbox) = RingBuffer::new(OPENINGS);
        let inlet = Inlet {
            openings,
            names: Arc::new(Names::default()),
            handle: collector.handle(),
            epoch,
            lost: Arc::default(),
        };
        let mut desk = Desk { queue: Queue::new(inbox, 48_000, epoch), inlet, collector, epoch, clock: 0 };
        // From here on nothing is before the beginning.
        assert_eq!(desk.callback(), []);
        desk
    }

    fn port(&mut self, name: &str) -> Port {
        self.inlet.open(name).expect("there is room")
    }

    /// The time of a frame, were callbacks on time; a microsecond inside it.
    fn time(&self, frame: u64) -> Instant {
        self.epoch + Duration::from_nanos(frame * 1_000_000_000 / 48_000 + 1000)
    }

    /// A callback on time, and all that it acts on.
    fn callback(&mut self) -> Vec<Midi> {
        let now = self.epoch + Duration::from_nanos(self.clock * 1_000_000_000 / 48_000);
        self.queue.collect(now, self.clock, FRAMES);
        self.clock += FRAMES;
        let all = self.queue.take(self.clock).to_vec();
        assert!(all.is_sorted_by_key(|midi| midi.at), "{all:?}");
        assert!(all.iter().all(|midi| (self.clock - FRAMES..self.clock).contains(&midi.at)), "{all:?}");
        all
    }
}

fn on(note: u8) -> Message {
    Message::new(&[0x90, note, 100]).expect("a message")
}

fn off(note: u8) -> Message {
    Message::new(&[0x80, note, 0]).expect("a message")
}

#[test]
fn input_sounds_a_period_after_it_came_and_late_input_at_once() {
    let mut desk = Desk::new();
    let mut keys = desk.port("keys");
    for (frame, note) in [(256 + 10, 60), (256 + 200, 61), (256 + 200, 62)] {
        assert!(keys.send(desk.time(frame), on(note)));
    }
    assert_eq!(desk.callback(), [], "it is to sound in the next");
    let heard = desk.callback();
    assert_eq!(heard.iter().map(|midi| midi.at).collect::<Vec<_>>(), [522, 712, 712]);
    // A chord is one instant, and this one was held up on its way.
    keys.send(desk.time(300), on(63));
    keys.send(desk.time(300), on(64));
    assert_eq!(desk.callback().iter().map(|midi| midi.at).collect::<Vec<_>>(), [768, 768]);
}

#[test]
fn ports_are_merged_by_time_and_none_is_reordered() {
    let mut desk = Desk::new();
    let (mut a, mut b) = (desk.port("a"), desk.port("b"));
    for k in 0..100 {
        let port = if k % 3 == 0 { &mut a } else { &mut b };
        port.send(desk.epoch + Duration::from_micros(5400 + 50 * k), on(k as u8));
    }
    let mut heard = vec![];
    (0..4).for_each(|_| heard.extend(desk.callback()));
    let notes: Vec<u8> = heard.iter().map(|midi| midi.message.bytes()[1]).collect();
    assert_eq!(notes, (0..100).collect::<Vec<u8>>());
    assert!(heard.iter().all(|midi| midi.port == u16::from(!midi.message.bytes()[1].is_multiple_of(3))));
}

#[test]
fn a_flood_waits_and_notes_are_let_go_first() {
    let mut desk = Desk::new();
    let mut keys = desk.port("keys");
    let then = desk.time(0);
    keys.send(then, on(1));
    desk.callback();
    // 1500 messages of a controller, then the note of before is let go, and another is struck and let go.
    for k in 0..1500u32 {
        keys.send(then, Message::new(&[0xb0, 7, (k % 128) as u8]).expect("a message"));
    }
    for message in [off(1), on(2), off(2)] {
        keys.send(then, message);
    }
    let first = desk.callback();
    assert_eq!(first.len(), BUDGET);
    assert_eq!(first.last().map(|midi| midi.message), Some(off(1)));
    let rest = desk.callback();
    assert_eq!(rest.len(), 1503 - BUDGET);
    // What was struck in the flood is let go after it was struck.
    assert_eq!(rest[rest.len() - 2..].iter().map(|midi| midi.message).collect::<Vec<_>>(), [on(2), off(2)]);
    let controllers = |all: &[Midi]| all.iter().filter(|m| m.message.bytes()[0] == 0xb0).count();
    assert_eq!(controllers(&first) + controllers(&rest), 1500);
}

#[test]
fn a_port_that_goes_is_released_after_its_last_message() {
    let mut desk = Desk::new();
    let mut keys = desk.port("keys");
    keys.send(desk.time(0), on(60));
    desk.callback();
    keys.send(desk.time(0), on(61));
    drop(keys);
    let heard = desk.callback();
    let mut expected = vec![on(61)];
    expected.extend(Message::release());
    assert_eq!(heard.iter().map(|midi| midi.message).collect::<Vec<_>>(), expected);
    assert!(desk.queue.sources.is_empty());
    desk.collector.collect();
    // One that comes again under its name has its number.
    let mut again = desk.port("keys");
    again.send(desk.time(0), on(62));
    assert_eq!(desk.callback()[0].port, 0);
}

#[test]
fn a_port_that_had_no_room_lets_everything_go() {
    let mut desk = Desk::new();
    let mut keys = desk.port("keys");
    let then = desk.time(0);
    let sent = (0..5000).filter(|_| keys.send(then, on(60))).count();
    assert_eq!((sent, desk.inlet.lost()), (4096, 904));
    let mut heard = vec![];
    while heard.len() < 4096 {
        heard.extend(desk.callback());
    }
    assert!(keys.send(then, on(61)));
    let next: Vec<Message> = desk.callback().iter().map(|midi| midi.message).collect();
    assert_eq!(next, Message::release().chain([on(61)]).collect::<Vec<_>>());
}

#[test]
fn what_came_before_the_beginning_is_not_played() {
    let epoch = Instant::now();
    let collector = Collector::new();
    let (openings, inbox) = RingBuffer::new(OPENINGS);
    let mut inlet = Inlet { openings, names: Arc::default(), handle: collector.handle(), epoch, lost: Arc::default() };
    let mut queue = Queue::new(inbox, 48_000, epoch);
    let mut keys = inlet.open("keys").expect("room");
    keys.send(epoch + Duration::from_secs(1), on(60));
    keys.send(epoch + Duration::from_secs(3), on(61));
    queue.collect(epoch + Duration::from_secs(2), 0, FRAMES);
    queue.collect(epoch + Duration::from_secs(3), 48_000, FRAMES);
    let heard = queue.take(u64::MAX);
    assert!(heard.is_empty(), "{heard:?}");
    queue.collect(epoch + Duration::from_secs(3) + Duration::from_millis(5), 48_256, FRAMES);
    let heard = queue.take(u64::MAX);
    assert_eq!(heard.iter().map(|midi| midi.message).collect::<Vec<_>>(), [on(61)]);
}

#[test]
fn nothing_is_allocated_in_a_callback() {
    let mut desk = Desk::new();
    let before = [desk.queue.backlog.capacity(), desk.queue.ready.capacity(), desk.queue.taken.capacity()];
    let mut ports: Vec<Port> = (0..60).map(|i| desk.port(&i.to_string())).collect();
    let then = desk.time(0);
    for port in &mut ports {
        assert!((0..1000).all(|k| port.send(then, on((k % 128) as u8))));
    }
    for round in 0..80 {
        if round == 20 {
            ports.clear();
        }
        desk.callback();
    }
    let after = [desk.queue.backlog.capacity(), desk.queue.ready.capacity(), desk.queue.taken.capacity()];
    assert_eq!(before, after);
    assert!(desk.queue.sources.capacity() == SOURCES && desk.queue.backlog.is_empty());
}
