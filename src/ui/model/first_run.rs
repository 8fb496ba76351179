//! The first run on a computer without a camera: the test picture stands in until there is one, or somebody chooses.

use super::{Model, Order};
use crate::settings::VideoChoice;
use crate::ui::view::Devices;

impl Model {
    /// Offers another picture while the questions are asked and nobody has chosen one: the test picture where there is no
    /// camera, and the camera once one is plugged in.
    pub(super) fn offer_picture(&mut self, now: f64) -> Vec<Order> {
        let Devices::Found(cameras) = &self.cameras else { return Vec::new() };
        let offered = match &self.desk.settings().video {
            _ if !self.first_run => return Vec::new(),
            VideoChoice::Auto | VideoChoice::Camera(None) if cameras.is_empty() => VideoChoice::Test,
            VideoChoice::Test if self.stands_in && !cameras.is_empty() => VideoChoice::Auto,
            _ => return Vec::new(),
        };
        self.stands_in = offered == VideoChoice::Test;
        let before = self.desk.settings().clone();
        self.desk.draft.offer(|settings| settings.video = offered.clone());
        self.orders_since(now, &before)
    }
}
