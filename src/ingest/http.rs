//! The server's web side: what goes on, for programs and for people; the page that plays a stream, and HLS.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderMap, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use percent_encoding::percent_decode_str;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::RefusalKind;
use super::config::is_loopback;
use super::hls::{Found, NotFound, find};
use super::name::query_has_key;
use super::shared::{HlsError, Shared};
use super::status::{status_json, status_page};
use crate::clock::unix_time;

/// Bytes of a request's head: no browser sends half of it.
const HEAD_BYTES_MAX: usize = 16 << 10;
/// Of the player page's own answers: its script, its style, and what it fetches from here; media come as objects of the
/// page itself.
const PLAYER_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                             connect-src 'self'; media-src 'self' blob:; base-uri 'none'; form-action 'none'";
/// Names come from publishers: whatever slipped through could do nothing.
const STATUS_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

const PLAYER_PAGE: &str = include_str!("../../assets/player/player.html");
const PLAYER_SCRIPT: &str = include_str!("../../assets/player/player.js");
const PLAYER_STYLE: &str = include_str!("../../assets/player/player.css");

type Answer = Response<Pieces>;

/// A body of pieces that are there already.
#[derive(Debug, Default)]
pub(super) struct Pieces(VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.iter().map(|piece| piece.len() as u64).sum())
    }
}

/// Serves one connection to its end.
pub(super) async fn serve_http(
    stream: TcpStream,
    peer: SocketAddr,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let (shared, answered) = (&shared, &AtomicBool::new(false));
    let service = service_fn(move |request| async move {
        let answer = answer(&request, peer, shared).await;
        answered.store(true, Ordering::Relaxed);
        Ok::<_, Infallible>(answer)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(shared.deadlines.handshake)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        served = served => {
            // Browsers keep a connection for what they may ask next: one that rests after an answer is only closed.
            let rests = |error: &hyper::Error| error.is_timeout() && answered.load(Ordering::Relaxed);
            if let Err(error) = served
                && (error.is_parse() || error.is_timeout())
                && !rests(&error)
            {
                shared.refuse(peer, RefusalKind::Http, format!("no web request: {error}"));
            }
        }
        _ = stopped.wait_for(|stop| *stop) => {}
    }
}

async fn answer(request: &Request<Incoming>, peer: SocketAddr, shared: &Shared) -> Answer {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut answer = plain(StatusCode::METHOD_NOT_ALLOWED, "Only GET and HEAD.\n");
        answer.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return answer;
    }
    if is_loopback(peer) {
        if !names_this_computer(request.headers().get(HOST)) {
            shared.refuse(peer, RefusalKind::Http, "a web request for the name of another computer".to_owned());
            return plain(StatusCode::FORBIDDEN, "On this computer, ask for localhost or 127.0.0.1.\n");
        }
    } else if !may_see(request, shared) {
        shared.refuse(peer, RefusalKind::PlayKey, "a web request without the key to play".to_owned());
        return plain(StatusCode::FORBIDDEN, "This needs the key to play: ?key=KEY.\n");
    }
    let path = request.uri().path();
    match path {
        "/" => page(shared, request),
        "/status" if wants_html(request.headers()) => page(shared, request),
        "/status" => body(StatusCode::OK, "application/json", status_json(shared).to_string()),
        "/player.js" => body(StatusCode::OK, "text/javascript; charset=utf-8", PLAYER_SCRIPT),
        "/player.css" => body(StatusCode::OK, "text/css; charset=utf-8", PLAYER_STYLE),
        _ if path.starts_with("/watch/") => {
            with_policy(body(StatusCode::OK, "text/html; charset=utf-8", PLAYER_PAGE), PLAYER_POLICY)
        }
        _ => match path.strip_prefix("/hls/") {
            Some(rest) => hls(rest, request, peer, shared).await,
            None => plain(StatusCode::NOT_FOUND, "There is nothing here. Try /status.\n"),
        },
    }
}

/// `APP/NAME/FILE`, where only the name of the app may have slashes that are not escaped.
async fn hls(path: &str, request: &Request<Incoming>, peer: SocketAddr, shared: &Shared) -> Answer {
    let decoded = |text| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let mut names = path.rsplitn(3, '/');
    let (Some(file), Some(name), app) = (names.next(), names.next(), names.next().unwrap_or_default()) else {
        return plain(StatusCode::NOT_FOUND, "There is nothing here. Try /hls/APP/NAME/index.m3u8.\n");
    };
    let query = request.uri().query().unwrap_or_default();
    let live = match shared.hls(&decoded(app), &decoded(name)) {
        Ok((live, frame_rate)) => {
            let viewer = viewer(query, peer);
            find(&live, shared.clock.now(), file, query, &viewer, frame_rate).await
        }
        Err(HlsError::NotPublished) => return plain(StatusCode::NOT_FOUND, "Nobody publishes this stream.\n"),
        Err(HlsError::TooMany) => {
            let most = shared.limits.hls_streams_max;
            shared.refuse(peer, RefusalKind::Limit, format!("{most} streams are watched by HLS already"));
            let told = format!("{most} streams are watched by HLS, which is the most. RTMP players get this one.\n");
            return plain(StatusCode::SERVICE_UNAVAILABLE, told);
        }
    };
    match live {
        Ok(Found::Playlist(text)) => {
            let mut answer = body(StatusCode::OK, "application/vnd.apple.mpegurl", text);
            // The page tells by it how far behind it is: the viewer's own clock may be wrong.
            let unix_ms = unix_time().as_millis().to_string();
            if let Ok(value) = HeaderValue::from_str(&unix_ms) {
                answer.headers_mut().insert("tally-time", value);
            }
            answer
        }
        Ok(Found::Media(kind, pieces)) => respond(StatusCode::OK, kind, pieces.into()),
        Err(NotFound::Nothing) => plain(StatusCode::NOT_FOUND, "This is not there, or no longer.\n"),
        Err(NotFound::TooFarAhead) => plain(StatusCode::BAD_REQUEST, "This is too far ahead to wait for.\n"),
        Err(NotFound::NotYet) => plain(StatusCode::SERVICE_UNAVAILABLE, "Nothing has come for a while.\n"),
        Err(NotFound::Unusable(why)) => plain(
            StatusCode::NOT_IMPLEMENTED,
            format!("No browser page for this stream: {why}. RTMP players get it.\n"),
        ),
    }
}

/// Viewers say themselves who they are, or are told apart by their address.
fn viewer(query: &str, peer: SocketAddr) -> String {
    let own = query.split('&').find_map(|pair| pair.strip_prefix("viewer="));
    let own: String = own.unwrap_or_default().chars().take(16).collect();
    format!("{} {own}", peer.ip())
}

/// Whether somebody beyond this computer may see: the key to play is needed.
fn may_see(request: &Request<Incoming>, shared: &Shared) -> bool {
    // What the page is made of is no secret, and browsers ask for it without the page's query.
    if matches!(request.uri().path(), "/player.js" | "/player.css") {
        return true;
    }
    let query = request.uri().query().unwrap_or_default();
    shared.play_key.get().is_some_and(|key| query_has_key(query, key))
}

/// Whoever is on this computer may see all. A page of the web whose name was turned to this computer's address (DNS
/// rebinding) is not on it, and shows by the name that it asks for.
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

fn page(shared: &Shared, request: &Request<Incoming>) -> Answer {
    let query = request.uri().query().unwrap_or_default();
    with_policy(body(StatusCode::OK, "text/html; charset=utf-8", status_page(shared, query)), STATUS_POLICY)
}

fn with_policy(mut answer: Answer, policy: &'static str) -> Answer {
    let headers = answer.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    // The address may hold the key to play.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    answer
}

fn plain(status: StatusCode, text: impl Into<Cow<'static, str>>) -> Answer {
    body(status, "text/plain; charset=utf-8", text)
}

fn body(status: StatusCode, kind: &'static str, text: impl Into<Cow<'static, str>>) -> Answer {
    let text = match text.into() {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => Bytes::from(text),
    };
    respond(status, kind, VecDeque::from([text]))
}

fn respond(status: StatusCode, kind: &'static str, pieces: VecDeque<Bytes>) -> Answer {
    let mut answer = Response::new(Pieces(pieces));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
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
