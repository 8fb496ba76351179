//! The embedded RTMP server.
