//! Devices to choose from and the meter's channels, as plain data.

use crate::studio::DeviceInfo;

/// A device to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceView {
    /// Its stable id, as in `camera:ID`.
    pub id: String,
    /// Its name for people.
    pub name: String,
}

impl DeviceView {
    /// The device, without the kind before its id.
    pub(super) fn of(info: &DeviceInfo) -> Self {
        let id = info.id.split_once(':').map_or(info.id.as_str(), |(_, id)| id);
        Self { id: id.to_owned(), name: info.name.clone() }
    }
}

/// The devices of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Devices {
    /// Not known yet.
    #[default]
    Looking,
    /// These.
    Found(Vec<DeviceView>),
}

/// One channel of a meter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChannelView {
    /// Peak in dBFS.
    pub peak_dbfs: f32,
    /// The peak that is held, in dBFS.
    pub hold_dbfs: f32,
}
