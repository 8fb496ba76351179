//! Profiles and destinations.
