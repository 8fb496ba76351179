//! What is under a stream's address, by the names of files.

use bytes::Bytes;

use super::live::LiveHls;
use super::playlist;
use crate::ingest::remux::Kind;
use crate::media::Timestamp;

/// What was asked for.
pub(in crate::ingest) enum Found {
    /// A playlist.
    Playlist(String),
    /// Media of this type, in pieces.
    Media(&'static str, Vec<Bytes>),
}

/// Why there is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ingest) enum NotFound {
    /// No file has such a name, or it is not there any more.
    Nothing,
    /// What cannot be waited for: it is too far ahead (RFC 8216bis, 6.2.5.2).
    TooFarAhead,
    /// It did not come in time.
    NotYet,
    /// The stream's codecs are not put into MP4.
    Unusable(String),
}

/// How far ahead of the newest segment may be waited for.
const AHEAD_MAX: u64 = 2;

/// A file's name, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum File {
    Master,
    Playlist(Kind),
    Init(Kind, u64),
    Segment(Kind, u64),
    Part(Kind, u64, usize),
}

impl File {
    fn read(name: &str) -> Option<Self> {
        if name == "index.m3u8" {
            return Some(Self::Master);
        }
        let kind = [Kind::Video, Kind::Audio].into_iter().find(|kind| name.starts_with(kind.word()))?;
        let rest = name.strip_prefix(kind.word())?;
        if rest == ".m3u8" {
            return Some(Self::Playlist(kind));
        }
        if let Some(number) = rest.strip_prefix("-init-").and_then(|rest| rest.strip_suffix(".mp4")) {
            return Some(Self::Init(kind, number.parse().ok()?));
        }
        let numbers = rest.strip_prefix('-')?.strip_suffix(".m4s")?;
        Some(match numbers.split_once('.') {
            Some((segment, part)) => Self::Part(kind, segment.parse().ok()?, part.parse().ok()?),
            None => Self::Segment(kind, numbers.parse().ok()?),
        })
    }
}

/// Finds a file of a stream, and waits for it where it is about to be there. `query` is that of the request.
pub(in crate::ingest) async fn find(
    live: &LiveHls,
    now: Timestamp,
    name: &str,
    query: &str,
    viewer: &str,
    frame_rate: Option<f64>,
) -> Result<Found, NotFound> {
    let file = File::read(name).ok_or(NotFound::Nothing)?;
    live.asked(now, viewer);
    let pass_on = passed_on(query);
    let found = match file {
        File::Master => {
            let made = live.wait_for(|packager| {
                packager.is_ready().then(|| Ok(playlist::master(packager, frame_rate, &pass_on))).or_else(|| {
                    let nothing = [Kind::Video, Kind::Audio].iter().all(|kind| packager.rendition(*kind).is_none());
                    let why = packager.unusable.first().filter(|_| nothing)?;
                    Some(Err(NotFound::Unusable(why.clone())))
                })
            });
            made.await.map(|made| made.map(Found::Playlist))
        }
        File::Playlist(kind) => {
            let wanted = wanted(query);
            let made = live.wait_for(|packager| {
                let rendition = packager.rendition(kind);
                let Some(rendition) = rendition else { return packager.is_ready().then_some(Err(NotFound::Nothing)) };
                if let Some((segment, part)) = wanted
                    && !packager.is_ended()
                {
                    if segment > rendition.open().number + AHEAD_MAX {
                        return Some(Err(NotFound::TooFarAhead));
                    }
                    if !rendition.has(segment, part) {
                        return None;
                    }
                }
                if !packager.is_ready() {
                    return None;
                }
                Some(playlist::media(packager, kind, &pass_on).ok_or(NotFound::Nothing))
            });
            made.await.map(|made| made.map(Found::Playlist))
        }
        File::Init(kind, number) => {
            let init = live.packager().rendition(kind).and_then(|rendition| rendition.init(number));
            Some(init.map(|init| media(kind, vec![init])).ok_or(NotFound::Nothing))
        }
        File::Segment(kind, number) => {
            let pieces = live.packager().rendition(kind).and_then(|rendition| rendition.segment(number));
            Some(pieces.map(|pieces| media(kind, pieces)).ok_or(NotFound::Nothing))
        }
        File::Part(kind, segment, part) => {
            // The playlist names the next part before it is there.
            let made = live.wait_for(|packager| {
                let Some(rendition) = packager.rendition(kind) else { return Some(Err(NotFound::Nothing)) };
                if let Some(pieces) = rendition.part(segment, part) {
                    return Some(Ok(media(kind, pieces)));
                }
                let open = rendition.open();
                let next = (segment, part) == (open.number, open.parts.len()) && !packager.is_ended();
                (!next).then_some(Err(NotFound::Nothing))
            });
            made.await
        }
    };
    found.unwrap_or(Err(NotFound::NotYet))
}

fn media(kind: Kind, pieces: Vec<Bytes>) -> Found {
    let mime = match kind {
        Kind::Video => "video/mp4",
        Kind::Audio => "audio/mp4",
    };
    Found::Media(mime, pieces)
}

/// Which segment, and which part of it, the playlist is to have (RFC 8216bis, 6.2.5.2).
fn wanted(query: &str) -> Option<(u64, Option<usize>)> {
    let value = |name: &str| {
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    };
    let segment = value("_HLS_msn")?.parse().ok()?;
    Some((segment, value("_HLS_part").and_then(|part| part.parse().ok())))
}

/// The rest of a query, for the addresses in playlists: the key to play, which players leave behind otherwise. Nothing that
/// could end a line or a quote gets there.
fn passed_on(query: &str) -> String {
    let kept = query
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("_HLS_"))
        .filter(|pair| pair.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\".contains(&byte)));
    let kept = kept.collect::<Vec<_>>().join("&");
    if kept.is_empty() { kept } else { format!("?{kept}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_taken_apart() {
        for (name, file) in [
            ("index.m3u8", Some(File::Master)),
            ("video.m3u8", Some(File::Playlist(Kind::Video))),
            ("audio-init-2.mp4", Some(File::Init(Kind::Audio, 2))),
            ("video-17.m4s", Some(File::Segment(Kind::Video, 17))),
            ("audio-17.3.m4s", Some(File::Part(Kind::Audio, 17, 3))),
            ("video-.m4s", None),
            ("video-1.2.3.m4s", None),
            ("video-99999999999999999999.m4s", None),
            ("video", None),
            ("other.m3u8", None),
            ("", None),
        ] {
            assert_eq!(File::read(name), file, "{name}");
        }
    }

    #[test]
    fn a_key_is_passed_on_and_nothing_that_breaks_a_playlist() {
        assert_eq!(passed_on("key=a%20b&_HLS_msn=3&_HLS_part=1"), "?key=a%20b");
        assert_eq!(passed_on("_HLS_msn=3"), "");
        assert_eq!(passed_on("x=\"a&y=\nb&z=c"), "?z=c");
        assert_eq!(wanted("key=x&_HLS_msn=12&_HLS_part=3"), Some((12, Some(3))));
        assert_eq!(wanted("_HLS_msn=12"), Some((12, None)));
        assert_eq!(wanted("_HLS_msn=-1"), None);
        assert_eq!(wanted("_HLS_part=1"), None);
    }
}
