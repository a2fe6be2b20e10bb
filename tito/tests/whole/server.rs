//! A small HTTP server on this machine that can misbehave in every way that a download meets.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// A request, as far as downloads make one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// From the first `/` on.
    pub path: String,
    /// The first byte that was asked for, where a range was.
    pub from: Option<usize>,
    /// The tag that the range holds for.
    pub if_range: Option<String>,
}

/// An answer, honest or not.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// What is promised as `Content-Length`, where anything is.
    pub length: Option<usize>,
    pub body: Vec<u8>,
    /// The connection ends after so many bytes of the body.
    pub cut: Option<usize>,
}

impl Reply {
    /// A whole file.
    pub fn whole(body: &[u8]) -> Reply {
        Reply { status: 200, length: Some(body.len()), body: body.to_vec(), ..Reply::default() }
    }

    /// A file as a good server sends it: with a tag, and the part that was asked for.
    pub fn file(body: &[u8], tag: &str, request: &Request) -> Reply {
        let wanted = request.if_range.as_deref().is_none_or(|it| it == tag);
        let reply = match request.from.filter(|from| wanted && *from < body.len()) {
            None => Reply::whole(body),
            Some(from) => {
                let range = format!("bytes {from}-{}/{}", body.len() - 1, body.len());
                let mut reply = Reply::whole(&body[from..]);
                reply.status = 206;
                reply.with("Content-Range", &range)
            }
        };
        reply.with("ETag", tag)
    }

    /// An answer without the file.
    pub fn status(status: u16) -> Reply {
        Reply { status, length: Some(0), ..Reply::default() }
    }

    pub fn with(mut self, name: &str, value: &str) -> Reply {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn cut_at(self, count: usize) -> Reply {
        Reply { cut: Some(count), ..self }
    }
}

/// Answers until it is dropped.
pub struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// A server that answers each request, of which it is the `n`-th (from 0), in this way.
    pub fn start(answer: impl Fn(usize, &Request) -> Reply + Send + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (seen, closing) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, stop) = (Arc::clone(&seen), Arc::clone(&closing));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let Some((stream, request)) = read(stream) else {
                    continue;
                };
                let count = {
                    let mut log = log.lock().unwrap();
                    log.push(request.clone());
                    log.len() - 1
                };
                // The client may hang up first; that is its right.
                let _ = send(stream, &answer(count, &request));
            }
        });
        Server { address, seen, closing, thread: Some(thread) }
    }

    /// The address of a path that begins with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What was asked for so far.
    pub fn requests(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.closing.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address); // wakes the listener up
        let _ = self.thread.take().unwrap().join();
    }
}

fn read(stream: TcpStream) -> Option<(TcpStream, Request)> {
    let mut reader = BufReader::new(stream.try_clone().ok()?).take(16 << 10);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut request = Request { path: line.split(' ').nth(1)?.to_owned(), ..Request::default() };
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "range" => {
                let from = value.strip_prefix("bytes=")?.strip_suffix('-')?;
                request.from = Some(from.parse().ok()?);
            }
            "if-range" => request.if_range = Some(value.to_owned()),
            _ => {}
        }
    }
    Some((stream, request))
}

fn send(mut stream: TcpStream, reply: &Reply) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} Said\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    if let Some(length) = reply.length {
        head += &format!("Content-Length: {length}\r\n");
    }
    stream.write_all((head + "\r\n").as_bytes())?;
    let end = reply.cut.unwrap_or(usize::MAX).min(reply.body.len());
    stream.write_all(&reply.body[..end])?;
    stream.flush()
}
