//! Pure picture work: convert, scale, compose.
