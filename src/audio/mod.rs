//! Pure sound: meters, loudness, drift.
