//! RTMP, pure.
