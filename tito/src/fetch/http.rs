//! One file over HTTP, from where the last try stopped.

use std::io::{ErrorKind, Read};
use std::time::Duration;

use ureq::http::{Response, header};
use ureq::{Agent, Body};

use super::part::{self, Part, Source};
use super::{Fault, Progress, Trouble};

/// A server that leads on more often than this leads in circles.
const MOST_REDIRECTS: u32 = 5;
/// Connections for one file in one call, when each brought something.
const MOST_CONNECTIONS: usize = 50;
/// Connections that bring nothing, one after the other, before the address is given up.
const MOST_IN_VAIN: usize = 2;
/// How long a server may be silent.
const PATIENCE: Duration = Duration::from_secs(30);

/// Speaks HTTP, and nothing else.
#[derive(Debug)]
pub struct Http {
    agent: Agent,
}

impl Default for Http {
    fn default() -> Http {
        Http::with_patience(PATIENCE)
    }
}

/// How one connection ended, when it ended without trouble on our side.
enum Ended {
    /// The file is whole.
    Whole,
    /// Not whole, but another connection may bring more.
    Broken(Fault),
}

impl Http {
    /// Gives a server up that is silent for this long.
    pub fn with_patience(patience: Duration) -> Http {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(MOST_REDIRECTS)
            .timeout_connect(Some(patience))
            .timeout_recv_response(Some(patience))
            .timeout_per_read(Some(patience))
            .user_agent(concat!("tito/", env!("CARGO_PKG_VERSION")))
            .build();
        Http { agent: config.into() }
    }

    /// Brings the bytes of an address into a part, at most `longest` of them, and says whether
    /// they come from more than one transfer.
    ///
    /// # Errors
    /// A [`Fault`] of the server, or the disk's trouble. The part keeps what came.
    pub(super) fn download(
        &self,
        url: &str,
        part: &mut Part,
        longest: u64,
        progress: &mut dyn Progress,
    ) -> Result<bool, Trouble> {
        let mut pieced = part.length() > 0;
        let mut in_vain = 0;
        for _ in 0..MOST_CONNECTIONS {
            if part.is_complete() {
                return Ok(pieced);
            }
            let before = part.length();
            let ended = self.connect(url, part, longest, progress);
            progress.end();
            match ended? {
                Ended::Whole => return Ok(pieced),
                Ended::Broken(fault) => {
                    in_vain = if part.length() > before { 0 } else { in_vain + 1 };
                    if in_vain == MOST_IN_VAIN {
                        return Err(fault.into());
                    }
                }
            }
            pieced |= part.length() > 0;
        }
        Err(Fault::BrokeOff(part.length()).into())
    }

    /// One connection.
    fn connect(
        &self,
        url: &str,
        part: &mut Part,
        longest: u64,
        progress: &mut dyn Progress,
    ) -> Result<Ended, Trouble> {
        let response = match self.ask(url, part) {
            Ok(response) => response,
            Err(error) => return ended_before_answer(error),
        };
        match response.status().as_u16() {
            200 => {
                let source = Source {
                    url: url.to_owned(),
                    etag: header_text(&response, header::ETAG),
                    length: header_text(&response, header::CONTENT_LENGTH)
                        .and_then(|text| text.parse().ok()),
                };
                if source.length.is_some_and(|length| length > longest) {
                    return Err(Fault::TooLong { longest }.into());
                }
                part.restart(source)?;
                stream(response, part, longest, progress)
            }
            206 if continues(&response, part) => stream(response, part, longest, progress),
            // The file has changed, or the server counts in its own way: from the start, then.
            206 | 416 => {
                part.truncate()?;
                Ok(Ended::Broken(Fault::Protocol("it sends another range than asked".into())))
            }
            status => Err(Fault::Status(status).into()),
        }
    }

    fn ask(&self, url: &str, part: &Part) -> Result<Response<Body>, ureq::Error> {
        // The publisher's bytes are packed already, and a range of a re-packed stream is useless.
        let mut request = self.agent.get(url).header(header::ACCEPT_ENCODING, "identity");
        if part.length() > 0 {
            request = request.header(header::RANGE, format!("bytes={}-", part.length()));
            // A weak tag may stay the same when bytes change; RFC 9110 forbids it here.
            let etag = part.source().and_then(|source| source.etag.as_deref());
            if let Some(etag) = etag.filter(|etag| !etag.starts_with("W/")) {
                request = request.header(header::IF_RANGE, etag);
            }
        }
        request.call()
    }
}

fn header_text(response: &Response<Body>, name: header::HeaderName) -> Option<String> {
    Some(response.headers().get(name)?.to_str().ok()?.to_owned())
}

/// Whether a partial answer begins where the part ends, and belongs to the same file.
fn continues(response: &Response<Body>, part: &Part) -> bool {
    let Some(range) = header_text(response, header::CONTENT_RANGE) else {
        return false;
    };
    let Some((positions, total)) = range.strip_prefix("bytes ").and_then(|it| it.split_once('/'))
    else {
        return false;
    };
    let start = positions.split_once('-').and_then(|(start, _)| start.parse().ok());
    let known = part.source();
    let same_length = match known.and_then(|source| source.length) {
        Some(length) => total == "*" || total.parse() == Ok(length),
        None => true,
    };
    let etag = header_text(response, header::ETAG);
    let same_tag = match (known.and_then(|source| source.etag.as_ref()), &etag) {
        (Some(known), Some(now)) => known == now,
        _ => true,
    };
    start == Some(part.length()) && same_length && same_tag
}

/// Copies the body to the end of the part.
fn stream(
    response: Response<Body>,
    part: &mut Part,
    longest: u64,
    progress: &mut dyn Progress,
) -> Result<Ended, Trouble> {
    let total = part.source().and_then(|source| source.length);
    let url = part.source().map_or(String::new(), |source| source.url.clone());
    let (file, server) = file_and_server(&url);
    progress.begin(file, server, total, part.length());
    let mut reader = response.into_body().into_with_config().limit(u64::MAX).reader();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(_) => return Ok(Ended::Broken(Fault::BrokeOff(part.length()))),
        };
        if part.length() == 0 && part::looks_like_html(&buffer[..count]) {
            return Err(Fault::Html { start: part::excerpt(&buffer[..count]) }.into());
        }
        if part.length() + count as u64 > longest {
            part.truncate()?;
            return Err(Fault::TooLong { longest }.into());
        }
        part.append(&buffer[..count])?;
        progress.advance(part.length());
    }
    Ok(match total {
        Some(total) if part.length() < total => Ended::Broken(Fault::BrokeOff(part.length())),
        _ => Ended::Whole,
    })
}

/// What comes from where: `file.gz`, `example.org`.
fn file_and_server(url: &str) -> (&str, &str) {
    let after = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (server, path) = after.split_once('/').unwrap_or((after, ""));
    (path.rsplit('/').next().unwrap_or_default(), server)
}

/// What it means when no answer came.
fn ended_before_answer(error: ureq::Error) -> Result<Ended, Trouble> {
    use ureq::Error;
    let fault = match error {
        Error::TooManyRedirects | Error::RedirectFailed => Fault::Redirects,
        Error::HostNotFound => Fault::Unreachable("no such host".to_owned()),
        Error::ConnectionFailed => Fault::Unreachable("no connection".to_owned()),
        Error::Timeout(_) => Fault::Unreachable("no answer in time".to_owned()),
        Error::Io(error) if error.kind() == ErrorKind::UnexpectedEof => {
            return Ok(Ended::Broken(Fault::Unreachable("it hangs up without an answer".into())));
        }
        Error::Io(error) if error.kind() == ErrorKind::ConnectionReset => {
            return Ok(Ended::Broken(Fault::Unreachable(error.to_string())));
        }
        Error::Io(error) => Fault::Unreachable(error.to_string()),
        Error::BadUri(_) | Error::Http(_) => Fault::Protocol("the address is malformed".into()),
        Error::Tls(_) | Error::Rustls(_) => {
            Fault::Unreachable(format!("no safe connection: {error}"))
        }
        Error::ConnectProxyFailed(why) => Fault::Unreachable(format!("the proxy refuses: {why}")),
        other => Fault::Protocol(other.to_string()),
    };
    Err(fault.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart_into_file_and_server() {
        assert_eq!(file_and_server("https://example.org/a/b.gz"), ("b.gz", "example.org"));
        assert_eq!(file_and_server("http://127.0.0.1:80/b"), ("b", "127.0.0.1:80"));
    }
}
