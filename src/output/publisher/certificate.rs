//! How long a server's certificates hold, and who signed them: what of X.509 TLS itself does not tell.
#![deny(clippy::indexing_slicing)]

use std::time::Duration;

use tokio_rustls::rustls::pki_types::CertificateDer;

/// DER tags (X.690, 8.1.2).
const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// `[0]`, which holds the version (RFC 5280, 4.1).
const VERSION: u8 = 0xa0;

/// When the first certificate of a chain expires, since 1970 in UTC; `None` if none can be read.
pub(super) fn first_expiry(chain: &[CertificateDer<'_>]) -> Option<Duration> {
    chain.iter().filter_map(|certificate| expiry(certificate)).min()
}

/// `notAfter` of a certificate (RFC 5280, 4.1.2.5).
fn expiry(der: &[u8]) -> Option<Duration> {
    fields(der).map(|fields| fields.not_after)
}

/// What is read of a certificate (RFC 5280, 4.1.2).
pub(super) struct Fields<'a> {
    /// Who signed it.
    pub(super) issuer: &'a [u8],
    /// Whom it is for.
    pub(super) subject: &'a [u8],
    /// Since 1970 in UTC.
    pub(super) not_before: Duration,
    /// Since 1970 in UTC.
    pub(super) not_after: Duration,
}

/// The fields of a certificate; `None` if they cannot be read.
pub(super) fn fields(der: &[u8]) -> Option<Fields<'_>> {
    let (mut certificate, _) = read(der, SEQUENCE)?;
    let mut fields = take(&mut certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        take(&mut fields, VERSION)?;
    }
    // Serial number and algorithm.
    take(&mut fields, INTEGER)?;
    take(&mut fields, SEQUENCE)?;
    let issuer = take(&mut fields, SEQUENCE)?;
    let mut validity = take(&mut fields, SEQUENCE)?;
    let subject = take(&mut fields, SEQUENCE)?;
    let not_before = take_time(&mut validity)?;
    let not_after = take_time(&mut validity)?;
    Some(Fields { issuer, subject, not_before, not_after })
}

fn take_time(rest: &mut &[u8]) -> Option<Duration> {
    let tag = *rest.first()?;
    let content = take(rest, tag)?;
    matches!(tag, UTC_TIME | GENERALIZED_TIME).then(|| time(tag, content)).flatten()
}

fn take<'a>(rest: &mut &'a [u8], tag: u8) -> Option<&'a [u8]> {
    let (content, after) = read(rest, tag)?;
    *rest = after;
    Some(content)
}

/// The content of the element of this tag at the start of `der`, and what follows it.
fn read(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&found, rest) = der.split_first()?;
    if found != tag {
        return None;
    }
    let (&first, mut rest) = rest.split_first()?;
    let mut length = usize::from(first);
    // Long form: the low bits count the bytes of the length (X.690, 8.1.3.5). Certificates need no more than 3.
    if first & 0x80 != 0 {
        let count = usize::from(first & 0x7f);
        let (bytes, after) = rest.split_at_checked(count).filter(|_| (1..=3).contains(&count))?;
        length = bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        rest = after;
    }
    rest.split_at_checked(length)
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`: nothing else is allowed in certificates (RFC 5280, 4.1.2.5.1 and 4.1.2.5.2).
fn time(tag: u8, text: &[u8]) -> Option<Duration> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = text.split_at_checked(if tag == UTC_TIME { 2 } else { 4 })?;
    let year = year.parse::<i64>().ok()?;
    let year = match tag {
        UTC_TIME if year >= 50 => 1900 + year,
        UTC_TIME => 2000 + year,
        _ => year,
    };
    let part = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
    let (month, day) = (part(0)?, part(2)?);
    let (hour, minute, second) = (part(4)?, part(6)?, part(8)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || rest.len() != 10 {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

/// Days from 1970-01-01 in the Gregorian calendar, by counting years from March on, so that the leap day comes last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let from_march = (month + 9) % 12;
    let year = if month <= 2 { year - 1 } else { year };
    let day_of_year = (153 * from_march + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    fn certificate(year: i32, month: u8, day: u8) -> CertificateDer<'static> {
        let mut params = CertificateParams::new(vec!["h.example".to_owned()]).unwrap();
        params.not_before = date_time_ymd(1999, 1, 1);
        params.not_after = date_time_ymd(year, month, day);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    #[test]
    fn the_end_of_a_certificate_is_read_in_both_forms_of_time() {
        for (year, month, day, unix) in [
            (2026, 11, 24, 1_795_478_400),
            (2024, 2, 29, 1_709_164_800),
            (2049, 12, 31, 2_524_521_600u64),
            (2051, 3, 1, 2_561_241_600),
        ] {
            let read = expiry(&certificate(year, month, day));
            assert_eq!(read, Some(Duration::from_secs(unix)), "{year}-{month}-{day}");
        }
    }

    #[test]
    fn the_first_of_a_chain_counts() {
        let soonest = certificate(2027, 1, 1);
        let chain = [certificate(2040, 1, 1), soonest.clone(), certificate(2050, 1, 1)];
        assert_eq!(first_expiry(&chain), expiry(&soonest));
        assert_eq!(first_expiry(&[]), None);
    }

    #[test]
    fn nonsense_is_no_time_and_no_panic() {
        let whole = certificate(2030, 1, 1);
        for end in 0..whole.len() {
            let _ = whole.get(..end).map(expiry);
        }
        assert_eq!(expiry(b"hello"), None);
        assert_eq!(time(UTC_TIME, b"991399000000Z"), None);
        assert_eq!(time(UTC_TIME, "99é".as_bytes()), None);
        assert_eq!(time(GENERALIZED_TIME, b"20300101000000"), None);
    }
}
