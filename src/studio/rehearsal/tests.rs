//! Figures of known streams.
