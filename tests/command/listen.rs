//! `gamma score --listen`: photos over HTTP.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::Child;
use std::thread;

use serde_json::Value;

use crate::client::start;
use crate::shell::{UNTRAINED, image, lines, score};

/// A server, which ends with the test.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut child = start(&[&["--listen", "127.0.0.1:0"], arguments].concat());
        let mut errors = BufReader::new(child.stderr.take().unwrap()).lines();
        assert_eq!(errors.next().unwrap().unwrap(), UNTRAINED.trim_end());
        let line = errors.next().unwrap().unwrap();
        let address = line
            .strip_prefix("gamma: listening on http://")
            .unwrap()
            .parse()
            .unwrap();
        thread::spawn(move || errors.for_each(drop));
        Self { child, address }
    }

    fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).unwrap()
    }

    fn get(&self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").as_bytes())
    }

    fn post(&self, path: &str, photo: &[u8]) -> Answer {
        self.send(&[head(path, photo.len()).as_bytes(), photo].concat())
    }

    fn send(&self, request: &[u8]) -> Answer {
        let mut connection = self.connect();
        // A server that refuses what is still on its way may close before it has all of it.
        let _ = connection.write_all(request);
        read(&mut connection)
    }

    fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").body;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_else(|| panic!("{name}: {text}"));
        line.trim().parse().unwrap()
    }
}

fn head(path: &str, length: usize) -> String {
    format!("POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n")
}

fn read(connection: &mut TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut part = [0; 4096];
    loop {
        match connection.read(&mut part) {
            Ok(0) => break,
            Ok(count) => bytes.extend(&part[..count]),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
            Err(error) => panic!("{error}"),
        }
    }
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text}"));
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        head: head.to_lowercase(),
        body: body.to_owned(),
    }
}

#[test]
fn a_photo_over_http_has_the_score_of_the_command() {
    let server = Server::start(&[]);
    let path = image("coffee.jpg");
    let photo = fs::read(&path).unwrap();
    assert_eq!(
        (server.get("/healthz").status, server.get("/healthz").body),
        (200, "ok\n".into())
    );
    for (query, arguments) in [
        ("", vec![]),
        (
            "?scene=face-quality&policy=grid&crops=3",
            vec!["--scene", "face-quality", "--policy", "grid", "--crops", "3"],
        ),
        ("?seed=9&parity", vec!["--seed", "9", "--parity"]),
    ] {
        let answer = server.post(&format!("/score{query}"), &photo);
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.head.contains("content-type: application/json"));
        let plain = &lines(&score(&[&["--json"], arguments.as_slice(), &[&path]].concat()))[0];
        let found = answer.json();
        for key in [
            "score", "percent", "levels", "spread", "crops", "scene", "model", "width", "policy", "seed",
        ] {
            assert_eq!(found[key], plain[key], "{key} of {query}");
        }
        assert!(found["seconds"].is_f64() && found.get("id").is_none());
    }
    let all = server.post("/score?scene=all", &photo).json();
    assert_eq!(all["scenes"].as_array().unwrap().len(), 6);
    assert_eq!(server.metric("gamma_photos_total{result=\"scored\"}"), 4.0);
    assert_eq!(server.metric("gamma_photo_seconds_count"), 4.0);
    assert_eq!(server.metric("gamma_http_answers_total{status=\"200\"}"), 8.0);
    assert_eq!(server.metric("gamma_photos_under_way"), 0.0);
}

#[test]
fn what_cannot_be_answered_has_a_status_that_says_why() {
    let server = Server::start(&["--max-memory", "8", "--workers", "1"]);
    let photo = fs::read(image("coffee.jpg")).unwrap();
    for (answer, status, code) in [
        (server.post("/score", b"no photo"), 422, "image-format"),
        (server.post("/score", &photo[..photo.len() / 3]), 422, "image-decode"),
        (server.post("/score", b""), 400, "option"),
        (server.post("/score?crops=none", &photo), 400, "option"),
        (server.post("/score?crops=0", &photo), 400, "option"),
        (server.post("/score?size=3", &photo), 400, "option"),
        (server.post("/score?scene=portrait", &photo), 400, "scene-unknown"),
        (server.post("/score", &vec![0; 4_000_001]), 413, "image-too-large"),
        (server.post("/other", &photo), 404, "request"),
        (server.get("/score"), 405, "request"),
        (server.post("/metrics", &photo), 405, "request"),
    ] {
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (status, &code.into()),
            "{}",
            answer.body
        );
    }
    // Not HTTP at all.
    for junk in [
        &b"\0\x01\x02\r\n\r\n"[..],
        b"POST /score\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ] {
        assert_eq!(server.send(junk).status, 400);
    }
    // In pieces of no stated length, and too many of them.
    let mut chunked =
        b"POST /score HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in photo.chunks(1000) {
        chunked.extend(format!("{:x}\r\n", piece.len()).as_bytes());
        chunked.extend(piece);
        chunked.extend(b"\r\n");
    }
    let mut whole = chunked.clone();
    whole.extend(b"0\r\n\r\n");
    assert_eq!(server.send(&whole).status, 200);
    for _ in 0..50 {
        chunked.extend(format!("{:x}\r\n", 100_000).as_bytes());
        chunked.extend([0; 100_000]);
        chunked.extend(b"\r\n");
    }
    assert_eq!(server.send(&chunked).status, 413);
    // It is as well as before.
    assert_eq!(server.post("/score", &photo).status, 200);
}

#[test]
fn more_photos_than_there_is_room_for_are_sent_away() {
    let server = Server::start(&["--workers", "1", "--queue", "2"]);
    let photo = fs::read(image("coffee.jpg")).unwrap();
    // Two that take their time.
    let mut slow: Vec<TcpStream> = (0..2)
        .map(|_| {
            let mut connection = server.connect();
            connection.write_all(head("/score", photo.len()).as_bytes()).unwrap();
            connection
        })
        .collect();
    while server.metric("gamma_photos_under_way") < 2.0 {
        thread::yield_now();
    }
    let busy = server.post("/score", &photo);
    assert_eq!(
        (busy.status, busy.json()["error"]["code"].as_str()),
        (429, Some("busy"))
    );
    assert!(busy.head.contains("retry-after: 1"));
    assert_eq!(server.get("/healthz").status, 200);
    // One goes, the other comes to its end; then there is room again.
    drop(slow.remove(0));
    slow[0].write_all(&photo).unwrap();
    assert_eq!(read(&mut slow[0]).status, 200);
    while server.metric("gamma_photos_under_way") > 0.0 {
        thread::yield_now();
    }
    assert_eq!(server.post("/score", &photo).status, 200);
}

#[test]
fn many_clients_at_once_are_answered_or_sent_away() {
    let server = Server::start(&["--workers", "2", "--queue", "8"]);
    let photo = fs::read(image("gray_250x240.png")).unwrap();
    let expected = server.post("/score", &photo).json()["score"].clone();
    let clients = || {
        thread::scope(|scope| {
            let ask = |client: usize| {
                let (server, photo, expected) = (&server, &photo, &expected);
                move || {
                    let answer = match client % 4 {
                        // Broken off in the middle.
                        0 => {
                            let mut connection = server.connect();
                            connection
                                .write_all(&[head("/score", photo.len()).as_bytes(), &photo[..99]].concat())
                                .unwrap();
                            return 0;
                        }
                        1 => server.post("/score", &vec![7; 100_000]),
                        _ => server.post("/score", photo),
                    };
                    match answer.status {
                        200 => assert_eq!(answer.json()["score"], *expected),
                        status => assert!([422, 429].contains(&status), "{status}: {}", answer.body),
                    }
                    usize::from(answer.status == 200)
                }
            };
            let threads: Vec<_> = (0..60).map(|client| scope.spawn(ask(client))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        })
    };
    assert!(clients() > 0);
    assert!(clients() > 0);
    while server.metric("gamma_photos_under_way") > 0.0 {
        thread::yield_now();
    }
    assert_eq!(server.post("/score", &photo).status, 200);
}

#[cfg(unix)]
#[test]
fn a_server_that_is_told_to_end_answers_what_it_has() {
    let mut server = Server::start(&[]);
    let photo = fs::read(image("coffee.jpg")).unwrap();
    let mut slow = server.connect();
    slow.write_all(head("/score", photo.len()).as_bytes()).unwrap();
    while server.metric("gamma_photos_under_way") < 1.0 {
        thread::yield_now();
    }
    let pid = server.child.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    slow.write_all(&photo).unwrap();
    assert_eq!(read(&mut slow).status, 200);
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}
