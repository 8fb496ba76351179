//! The server's web side: what goes on, for programs and for people.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, HeaderValue,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::RefusalKind;
use super::name::query_has_key;
use super::server::is_loopback;
use super::shared::Shared;
use super::status::{status_json, status_page};

/// Bytes of a request's head: no browser sends half of it.
const HEAD_BYTES_MAX: usize = 16 << 10;

type Answer = Response<Full<Bytes>>;

/// Serves one connection to its end.
pub(super) async fn serve_http(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let service = service_fn(|request| {
        let answer = answer(&request, peer, &shared);
        async { Ok::<_, Infallible>(answer) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.deadlines.handshake)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        served = served => {
            if let Err(error) = served
                && (error.is_parse() || error.is_timeout())
            {
                shared.refuse(peer, RefusalKind::Http, format!("no web request: {error}"));
            }
        }
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

fn answer(request: &Request<Incoming>, peer: SocketAddr, shared: &Shared) -> Answer {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return answer;
    }
    if !may_see(request, peer, shared) {
        shared.refuse(peer, RefusalKind::PlayKey, "a web request without the key to play".to_owned());
        return plain(StatusCode::FORBIDDEN, "This needs the key to play: ?key=KEY.\n");
    }
    match request.uri().path() {
        "/" => page(shared),
        "/status" if wants_html(request.headers()) => page(shared),
        "/status" => body(StatusCode::OK, "application/json", status_json(shared).to_string()),
        _ => plain(StatusCode::NOT_FOUND, "There is nothing here. Try /status.\n"),
    }
}

/// Whoever is on this computer may; from beyond it the key to play is needed. A page of the web whose name was turned to
/// this computer's address (DNS rebinding) is not on it, and shows by the name that it asks for.
fn may_see(request: &Request<Incoming>, peer: SocketAddr, shared: &Shared) -> bool {
    if is_loopback(peer) {
        return names_this_computer(request.headers().get(HOST));
    }
    let query = request.uri().query().unwrap_or_default();
    shared.play_key.as_ref().is_some_and(|key| query_has_key(query, key))
}

fn names_this_computer(host: Option<&HeaderValue>) -> bool {
    let Some(host) = host else { return true };
    let host = host.to_str().unwrap_or_default();
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _port)) => address,
        None => host.split(':').next().unwrap_or_default(),
    };
    name.eq_ignore_ascii_case("localhost") || name.parse::<IpAddr>().is_ok()
}

fn wants_html(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

fn page(shared: &Shared) -> Answer {
    let mut answer = body(StatusCode::OK, "text/html; charset=utf-8", status_page(shared));
    // Names come from publishers: whatever slipped through could do nothing.
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'");
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    answer
}

fn plain(status: StatusCode, text: &str) -> Answer {
    body(status, "text/plain; charset=utf-8", text.to_owned())
}

fn body(status: StatusCode, kind: &'static str, text: String) -> Answer {
    let mut answer = Response::new(Full::new(Bytes::from(text)));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_this_computer_are_its_own() {
        for (host, own) in [
            ("localhost", true),
            ("LocalHost:8080", true),
            ("127.0.0.1:8080", true),
            ("[::1]:8080", true),
            ("192.168.1.2", true),
            ("evil.example:8080", false),
            ("127.0.0.1.evil.example", false),
            ("", false),
        ] {
            assert_eq!(names_this_computer(Some(&HeaderValue::from_str(host).unwrap())), own, "{host}");
        }
        assert!(names_this_computer(None));
    }
}
