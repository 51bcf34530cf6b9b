//! What the tests of the binary share: the binary, a folder, small data.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, reason = "each test binary uses a part of this")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A folder of its own for a test.
pub struct Folder(tempfile::TempDir);

/// What a call gave.
pub struct Called {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Folder {
    pub fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.file(name), bytes).unwrap();
    }

    /// Names of all files, hidden ones too.
    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            std::fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The command, not yet started, in this folder.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_latent"));
        command.args(line.split_whitespace()).current_dir(self.path()).env_remove("NO_COLOR").stdin(Stdio::null());
        command
    }

    /// Runs `latent LINE`.
    pub fn latent(&self, line: &str) -> Called {
        let Output { status, stdout, stderr } = self.command(line).output().unwrap();
        Called { code: status.code(), out: String::from_utf8(stdout).unwrap(), err: String::from_utf8(stderr).unwrap() }
    }

    /// Runs `latent LINE`, which must succeed.
    pub fn good(&self, line: &str) -> Called {
        let called = self.latent(line);
        assert_eq!(called.code, Some(0), "latent {line}\n{}\n{}", called.out, called.err);
        called
    }

    /// Runs `latent LINE --json`, which must succeed and print one document and nothing else.
    pub fn json(&self, line: &str) -> serde_json::Value {
        let called = self.good(&format!("{line} --json"));
        assert_eq!(called.out.lines().count(), 1, "latent {line} --json\n{}", called.out);
        serde_json::from_str(&called.out).unwrap()
    }

    /// Runs `latent LINE`, which must be refused with code 2, nothing on standard output, and this on standard error.
    pub fn refused(&self, line: &str, sentence: &str) {
        for line in [line.to_owned(), format!("{line} --json")] {
            let called = self.latent(&line);
            assert_eq!((called.code, called.out.as_str()), (Some(2), ""), "latent {line}\n{}", called.err);
            assert!(called.err.ends_with(sentence), "latent {line}\n  said: {}\n  not:  {sentence}", called.err);
        }
    }
}

/// A number in 0..1 that depends on its arguments alone.
pub fn uniform(row: usize, column: usize) -> f64 {
    let mut h = (row as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (column as u64).wrapping_mul(0xd1b5_4a32_d192_ed03) ^ 0x5bd1;
    for _ in 0..3 {
        h = (h ^ (h >> 32)).wrapping_mul(0xd6e8_feb8_6659_fd93);
    }
    (h >> 11) as f64 / (1_u64 << 53) as f64
}

/// `groups` clouds around corners of a cube, `[rows, cols]`.
pub fn clouds(rows: usize, cols: usize, groups: usize) -> Vec<f32> {
    let center = |group: usize, column: usize| 10.0 * uniform(1_000_003 + group, column);
    let noise = |row: usize, column: usize| uniform(row, column) + uniform(row, column + 7919) - 1.0;
    (0..rows * cols).map(|at| (center(at / cols % groups, at % cols) + noise(at / cols, at % cols)) as f32).collect()
}

/// A `.npy` file of f32.
pub fn npy(rows: usize, cols: usize, values: &[f32]) -> Vec<u8> {
    npy_of("<f4", &format!("({rows}, {cols})"), &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

/// A `.npy` file of f64.
pub fn npy_f64(rows: usize, cols: usize, values: &[f64]) -> Vec<u8> {
    npy_of("<f8", &format!("({rows}, {cols})"), &values.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())
}

/// A `.npy` file of any type and shape.
pub fn npy_of(kind: &str, shape: &str, bytes: &[u8]) -> Vec<u8> {
    let mut header = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(bytes);
    file
}

/// The numbers of a `.npy` file of f32.
pub fn read_npy(file: &[u8]) -> Vec<f32> {
    let header = u16::from_le_bytes([file[8], file[9]]) as usize;
    file[10 + header..].chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

/// What `latent explore LINE` answers, asked one after the other once it rests.
pub fn asked(folder: &Folder, line: &str, paths: &[&str]) -> Vec<(u16, Value)> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let mut child = folder.command(&format!("explore {line} --no-open --port 0 --json --quiet")).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let url = parse(&first)["url"].as_str().unwrap().to_owned();
    let address = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    let get = |path: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), parse(body))
    };
    let begun = Instant::now();
    while get("/api/state").1["phase"] != "done" {
        assert!(begun.elapsed() < Duration::from_secs(120), "{}", get("/api/state").1);
        std::thread::sleep(Duration::from_millis(50));
    }
    let answers = paths.iter().map(|path| get(path)).collect();
    let _ = child.kill();
    let _ = child.wait();
    answers
}

/// A running `latent explore`.
pub struct Server {
    pub child: Child,
    pub address: String,
    pub url: String,
    pub _folder: Folder,
}

/// Its answer.
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

impl Server {
    /// Starts `latent explore LINE` and reads the address that it prints first.
    pub fn start(folder: Folder, line: &str) -> Self {
        let mut child =
            folder.command(&format!("explore {line} --no-open --port 0 --json --quiet")).stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
        let url = serde_json::from_str::<Value>(&first).unwrap()["url"].as_str().unwrap().to_owned();
        let address = url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
        Server { child, address, url, _folder: folder }
    }

    /// As [`Server::start`], waiting until nothing is going on.
    pub fn rested(folder: Folder, line: &str) -> Self {
        let server = Self::start(folder, line);
        server.rest();
        server
    }

    pub fn rest(&self) -> Value {
        let begun = Instant::now();
        loop {
            let state = self.get("/api/state").json();
            match state["phase"].as_str().unwrap() {
                "done" | "stopped" | "failed" => return state,
                _ if begun.elapsed() > Duration::from_secs(120) => panic!("still {state}"),
                _ => std::thread::sleep(Duration::from_millis(30)),
            }
        }
    }

    pub fn ask(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let at = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head, body: bytes[at + 4..].to_vec() }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, "")
    }

    pub fn get_with(&self, path: &str, headers: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{headers}\r\n", self.address))
    }

    pub fn post(&self, path: &str, body: &Value) -> Answer {
        let body = body.to_string();
        self.ask(&format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        ))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
