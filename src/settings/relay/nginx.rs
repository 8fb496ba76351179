//! nginx with its RTMP module: `push` sends on as it comes, TLS is put around it by the stream module.

use std::fmt::Write;
use std::net::IpAddr;

use super::head::{Steps, head};
use super::target::{Target, one_line};
use super::{Relay, RelayError};

const INSTALL: &[&str] = &["sudo apt install nginx libnginx-mod-rtmp libnginx-mod-stream"];
const NOTES: &[&str] = &[
    "The names of the servers are looked up once, at the start: it does not start while one is unknown.",
    "A destination gets the show from the first keyframe after it has answered, and is tried again every second.",
    "nginx may write the key of a destination that fails to the terminal it was started in.",
];

pub(super) fn config(relay: &Relay<'_>, targets: &[Target]) -> Result<String, RelayError> {
    if targets.iter().all(|target| target.login.is_some()) {
        return Err(RelayError::OnlyLogins);
    }
    let tunnels = tunnels(relay, targets)?;
    let count = targets.iter().filter(|target| target.login.is_none()).count();
    let works = vec![
        format!(
            "ss -tn state established '( dport = :{} )' has Tally's connection, and the pages of the",
            relay.listen.port()
        ),
        format!("{} show the stream.", if count == 1 { "service" } else { "services" }),
    ];
    let start = "nginx -p \"$PWD\" -c \"$(realpath {FILE})\"";
    let mut text = head(relay, targets, &Steps { install: INSTALL, start, works, notes: NOTES });
    let modules =
        "\n# Where Debian and Ubuntu keep the modules.\nload_module /usr/lib/nginx/modules/ngx_rtmp_module.so;\n";
    text.push_str(modules);
    if !tunnels.is_empty() {
        text.push_str("load_module /usr/lib/nginx/modules/ngx_stream_module.so;\n");
    }
    text.push_str(
        "daemon off;
# One process: a second one would not know of the stream.
worker_processes 1;
pid tally-relay-nginx.pid;
error_log stderr warn;
events { worker_connections 256; }

rtmp {
  access_log off;
  server {
",
    );
    line(&mut text, format_args!("    listen {};", relay.listen));
    text.push_str(
        "    # A keyframe is one message.
    max_message 16M;
    application live {
      live on;
      meta copy;
      wait_key on;
      sync 10ms;
      push_reconnect 1s;
",
    );
    for sender in relay.senders() {
        line(&mut text, format_args!("      allow publish {sender};"));
    }
    text.push_str("      deny publish all;\n      deny play all;\n");
    let mut ports = tunnels.iter();
    for target in targets {
        let port = if target.is_tls() && target.login.is_none() { ports.next() } else { None };
        push(&mut text, relay, target, port.map(|(port, _)| *port));
    }
    text.push_str("    }\n  }\n}\n");
    if !tunnels.is_empty() {
        text.push_str("\n# The RTMP module speaks no TLS: these put it around.\nstream {\n");
        for (port, target) in &tunnels {
            tunnel(&mut text, *port, target);
        }
        text.push_str("}\n");
    }
    Ok(text)
}

/// The destinations over TLS, each with a port of this computer that no destination uses.
fn tunnels<'a>(relay: &Relay<'_>, targets: &'a [Target]) -> Result<Vec<(u16, &'a Target)>, RelayError> {
    let first = relay.listen.port();
    let free = |port: &u16| targets.iter().all(|target| target.url.port != *port);
    let mut ports = (first..=u16::MAX).skip(1).filter(free);
    let over_tls = targets.iter().filter(|target| target.is_tls() && target.login.is_none());
    over_tls
        .map(|target| {
            if target.url.host.parse::<IpAddr>().is_ok() {
                let reason = "its certificate cannot be checked for an address: use the server's name, or --relay srs or mediamtx";
                return Err(target.refused(relay, reason));
            }
            Ok((ports.next().ok_or(RelayError::TooFewPorts { port: first })?, target))
        })
        .collect()
}

fn push(text: &mut String, relay: &Relay<'_>, target: &Target, tunnel: Option<u16>) {
    text.push('\n');
    for comment in target.comments(relay) {
        line(text, format_args!("      # {comment}"));
    }
    if let Some((user, _)) = &target.login {
        let user = one_line(user);
        line(
            text,
            format_args!(
                "      # It asks for a login ({user}), which nginx cannot give: it is left out. Send to it from Tally,"
            ),
        );
        line(text, format_args!("      # with another --to, or use --relay srs or mediamtx."));
        return;
    }
    let server = tunnel.map_or_else(|| target.host_port(), |port| format!("127.0.0.1:{port}"));
    line(text, format_args!("      push {}", quoted(&format!("rtmp://{server}"))));
    line(text, format_args!("        {}", quoted(&format!("app={}", target.url.app))));
    line(text, format_args!("        {}", quoted(&format!("tcUrl={}", target.url.tc_url()))));
    line(text, format_args!("        {};", quoted(&format!("playPath={}", target.key))));
}

fn tunnel(text: &mut String, port: u16, target: &Target) {
    let ca = target.tls_ca.as_deref().unwrap_or("/etc/ssl/certs/ca-certificates.crt");
    line(text, format_args!("  # {}", target.name));
    line(text, format_args!("  server {{"));
    line(text, format_args!("    listen 127.0.0.1:{port};"));
    line(text, format_args!("    proxy_ssl on;"));
    line(text, format_args!("    proxy_ssl_protocols TLSv1.2 TLSv1.3;"));
    line(text, format_args!("    proxy_ssl_server_name on;"));
    line(text, format_args!("    proxy_ssl_name {};", quoted(&target.url.host)));
    line(text, format_args!("    proxy_ssl_verify on;"));
    line(text, format_args!("    proxy_ssl_verify_depth 5;"));
    line(text, format_args!("    proxy_ssl_trusted_certificate {};", quoted(ca)));
    line(text, format_args!("    proxy_pass {};", quoted(&target.host_port())));
    line(text, format_args!("  }}"));
}

/// A word of nginx's language in double quotes, in which only the backslash and the quote have a meaning.
pub(super) fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\""))
}

fn line(text: &mut String, content: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{content}");
}
