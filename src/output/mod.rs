//! Where packets go.
