//! Where the window stands and how large it is: kept for next time, and used only where there is still a screen.

use eframe::egui::{Context, Pos2, Rect, Vec2, ViewportBuilder, pos2, vec2};

use crate::settings::WindowSettings;

/// Most that a window may stand beside a screen's upper left corner, in points: a screen on the left has negative places,
/// one that is no longer there leaves the window to the system.
const FAR: f32 = 20_000.0;

/// The window's place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    size: Option<Vec2>,
    position: Option<Pos2>,
    maximized: bool,
}

impl Place {
    /// As it was kept.
    pub(super) fn of(kept: &WindowSettings) -> Self {
        let position = kept.position.map(|[x, y]| pos2(x as f32, y as f32));
        Self {
            size: kept.size.map(|[width, height]| vec2(width as f32, height as f32)),
            position: position.filter(|at| at.x.abs() < FAR && at.y.abs() < FAR),
            maximized: kept.maximized,
        }
    }

    /// The window so placed; `size` where none was kept, and never smaller than `size_min`.
    pub(super) fn applied(self, builder: ViewportBuilder, size: Vec2, size_min: Vec2) -> ViewportBuilder {
        let builder = builder
            .with_inner_size(self.size.unwrap_or(size).max(size_min))
            .with_min_inner_size(size_min)
            .with_maximized(self.maximized);
        match self.position {
            Some(position) => builder.with_position(position),
            None => builder,
        }
    }

    /// Looks where the window is now. While it fills the screen, its place before that stays known.
    pub(super) fn see(&mut self, ctx: &Context) {
        let (inner, outer, maximized, full) = ctx.input(|input| {
            let viewport = input.viewport();
            (viewport.inner_rect, viewport.outer_rect, viewport.maximized, viewport.fullscreen)
        });
        self.maximized = maximized.unwrap_or(false);
        let zoom = ctx.zoom_factor();
        let usable = |rect: Option<Rect>| rect.filter(|rect| rect.is_finite() && rect.is_positive());
        if self.maximized || full == Some(true) {
            return;
        }
        if let Some(inner) = usable(inner) {
            self.size = Some(inner.size() * zoom);
        }
        if let Some(outer) = usable(outer) {
            self.position = Some(outer.min * zoom);
        }
    }

    /// `kept` with this place.
    pub(super) fn kept_in(self, kept: WindowSettings) -> WindowSettings {
        let size = self.size.map(|size| [size.x, size.y].map(|side| side.round().max(1.0) as u32));
        let position = self.position.map(|at| [at.x, at.y].map(|coordinate| coordinate.round() as i32));
        WindowSettings { size, position, maximized: self.maximized, ..kept }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_kept_and_used_again_and_never_too_small() {
        let kept = WindowSettings {
            size: Some([1500, 400]),
            position: Some([-800, 20]),
            maximized: true,
            ..WindowSettings::default()
        };
        let place = Place::of(&kept);
        assert_eq!(place.kept_in(WindowSettings::default()), kept);
        let builder = place.applied(ViewportBuilder::default(), vec2(1280.0, 800.0), vec2(960.0, 600.0));
        assert_eq!(builder.inner_size, Some(vec2(1500.0, 600.0)));
        assert_eq!((builder.position, builder.maximized), (Some(pos2(-800.0, 20.0)), Some(true)));
        let first = Place::default().applied(ViewportBuilder::default(), vec2(1280.0, 800.0), vec2(960.0, 600.0));
        assert_eq!((first.inner_size, first.position), (Some(vec2(1280.0, 800.0)), None));
        let lost = WindowSettings { position: Some([32_767, 0]), ..kept };
        assert_eq!(Place::of(&lost).position, None);
    }
}
