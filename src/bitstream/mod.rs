//! H.264 and AAC bitstream syntax.
