//! `gamma score --serve` under load, for long, and at its end.

use std::io::{BufRead, Read, Write};
use std::net::TcpListener;
use std::process::Child;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use std::{fs, iter, thread};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::client::{ends, frame, input_of, kilobytes, row, start};
use crate::shell::image;

/// How many of a hundred requests of a megabyte are taken while the first one is held up.
#[test]
fn whoever_asks_faster_than_photos_are_scored_waits() {
    const REQUESTS: usize = 100;
    const QUEUE: usize = 4;
    let mut child = start(&["--serve", "--workers", "1", "--queue", "4"]);
    let (mut requests, mut answers) = ends(&mut child);
    writeln!(requests, "{}", json!({ "id": 0, "path": image("coffee.jpg") })).unwrap();
    assert_eq!(row(&mut answers)["id"], 0);
    let before = kilobytes(&child, "VmHWM:");
    // A server that lets the worker wait.
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/photo", server.local_addr().unwrap());
    writeln!(requests, "{}", json!({ "id": 1, "url": url })).unwrap();
    let (mut held, _) = server.accept().unwrap();
    let taken = AtomicUsize::new(0);
    thread::scope(|scope| {
        let (taken, requests) = (&taken, &mut requests);
        scope.spawn(move || {
            let junk = STANDARD.encode(vec![7; 1_000_000]);
            for id in 2..REQUESTS + 2 {
                writeln!(requests, "{}", json!({ "id": id, "bytes": junk })).unwrap();
                taken.fetch_add(1, Ordering::Relaxed);
            }
        });
        // Until no more is taken; on a slow machine that may look so too early, which makes the promise easier to keep.
        let mut last = usize::MAX;
        while last != taken.load(Ordering::Relaxed) {
            last = taken.load(Ordering::Relaxed);
            thread::sleep(Duration::from_millis(500));
        }
        // One more is in the hands of the reader.
        assert!(last <= QUEUE + 1, "{last} requests are taken");
        drain_request(&mut held);
        held.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            .unwrap();
        drop(held);
        for id in 1..REQUESTS + 2 {
            let row = row(&mut answers);
            assert_eq!(row["id"], id);
            assert!(row["error"]["code"].is_string(), "{row}");
        }
    });
    let growth = kilobytes(&child, "VmHWM:") - before;
    assert!(growth < 30_000, "{growth} kB more");
    // It ends with its input, and a process that has ended tells no memory.
    drop(requests);
    assert!(child.wait().unwrap().success());
}

/// Reads the head of a request, so that the answer is not lost with it.
fn drain_request(connection: &mut impl Read) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        connection.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
}

#[test]
fn memory_stays_as_it_is_however_many_photos_come() {
    let mut child = start(&["--serve=frames", "--workers", "2"]);
    let (mut requests, mut answers) = ends(&mut child);
    let photos = ["coffee.jpg", "gray_250x240.png", "lossy_301x231.webp"].map(|name| fs::read(image(name)).unwrap());
    let mut some = |count: usize| {
        thread::scope(|scope| {
            let (requests, photos) = (&mut requests, &photos);
            scope.spawn(move || {
                for photo in photos.iter().cycle().take(count) {
                    requests.write_all(&frame(&json!({ "id": 0 }), photo)).unwrap();
                    requests.write_all(&frame(&json!({ "id": 1 }), b"no photo")).unwrap();
                }
            });
            for _ in 0..count {
                assert!(row(&mut answers)["score"].is_f64());
                assert_eq!(row(&mut answers)["error"]["code"], "image-format");
            }
        });
    };
    some(60);
    let before = kilobytes(&child, "VmHWM:");
    some(240);
    let growth = kilobytes(&child, "VmHWM:") - before;
    assert!(growth < 10_000, "{growth} kB more");
    drop(requests);
    assert!(child.wait().unwrap().success());
}

fn signal(child: &Child, name: &str) {
    let sent = std::process::Command::new("kill")
        .args([name, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn a_service_that_is_told_to_end_answers_what_it_read() {
    let mut child = start(&["--serve", "--workers", "2", "--queue", "3"]);
    let (mut requests, mut answers) = ends(&mut child);
    let line = json!({ "id": 1, "path": image("coffee.jpg") }).to_string();
    let sender = thread::spawn(move || {
        // As many as are taken; the pipe breaks in the end.
        iter::repeat(())
            .take_while(|()| writeln!(requests, "{line}").is_ok())
            .count()
    });
    for _ in 0..3 {
        assert!(row(&mut answers)["score"].is_f64());
    }
    signal(&child, "-TERM");
    let mut rest = String::new();
    answers.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(sender.join().unwrap() >= 3);
    assert!(rest.is_empty() || rest.ends_with('\n'), "half a line: {rest}");
    for line in rest.lines() {
        assert!(serde_json::from_str::<Value>(line).unwrap()["score"].is_f64());
    }
    // One that has nothing to do ends at once.
    let mut idle = start(&["--serve"]);
    let (mut requests, mut answers) = ends(&mut idle);
    writeln!(requests, "{}", json!({ "path": "gone.jpg" })).unwrap();
    assert_eq!(row(&mut answers)["error"]["code"], "io");
    signal(&idle, "-TERM");
    assert_eq!(idle.wait().unwrap().code(), Some(0));
}

#[test]
fn after_a_kill_the_rest_can_be_asked_for_again() {
    const PHOTOS: usize = 40;
    let requests: Vec<Value> = (0..PHOTOS)
        .map(|id| json!({ "id": id, "path": image("coffee.jpg") }))
        .collect();
    let mut found: Vec<u64> = Vec::new();
    for kill_after in [1, 7, 12, PHOTOS] {
        let rest: Vec<Value> = requests.iter().skip(found.len()).cloned().collect();
        let mut child = start(&["--serve", "--workers", "2"]);
        let (mut input, mut answers) = ends(&mut child);
        let sender = thread::spawn(move || {
            let _ = input.write_all(&input_of(&rest));
        });
        let mut output = String::new();
        for _ in 0..kill_after.min(PHOTOS - found.len()) {
            answers.read_line(&mut output).unwrap();
        }
        signal(&child, "-KILL");
        answers.read_to_string(&mut output).unwrap();
        child.wait().unwrap();
        sender.join().unwrap();
        // A line without its end is none.
        let whole = output.rsplit_once('\n').map_or("", |(whole, _)| whole);
        found.extend(
            whole
                .lines()
                .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64().unwrap()),
        );
    }
    assert_eq!(found, (0..PHOTOS as u64).collect::<Vec<_>>());
}
