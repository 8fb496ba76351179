//! Where the window stands and how large it is: kept for next time, and used only where there is still a screen.

use eframe::egui::{Context, Pos2, Rect, Vec2, ViewportBuilder, pos2, vec2};

use crate::settings::WindowSettings;

/// Most that a window may stand beside a screen's upper left corner, in points: a screen on the left has negative places,
/// one that is no longer there leaves the window to the system.
const FAR: f32 = 20_000.0;

/// So much of a window's head has to be on a screen for it to be taken hold of, in points.
const HOLD: Vec2 = vec2(80.0, 24.0);

/// The window's place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Place {
    size: Option<Vec2>,
    position: Option<Pos2>,
    maximized: bool,
    /// Whether the window was looked for on the screens that there are.
    is_found: bool,
}

impl Place {
    /// As it was kept.
    pub(super) fn of(kept: &WindowSettings) -> Self {
        let position = kept.position.map(|[x, y]| pos2(x as f32, y as f32));
        Self {
            size: kept.size.map(|[width, height]| vec2(width as f32, height as f32)),
            position: position.filter(|at| at.x.abs() < FAR && at.y.abs() < FAR),
            maximized: kept.maximized,
            is_found: false,
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

    /// Once, when it is known where the window stands: where it has to go to be seen, in points, if the screen it was kept
    /// for is gone. A system that tells no places puts its windows itself.
    pub(super) fn find(&mut self, ctx: &Context, screens: impl FnOnce() -> Vec<Rect>) -> Option<Pos2> {
        let outer = ctx.input(|input| input.viewport().outer_rect).filter(|_| !self.is_found && !self.maximized)?;
        self.is_found = true;
        seen_at(outer, &screens())
    }

    /// `kept` with this place.
    pub(super) fn kept_in(self, kept: WindowSettings) -> WindowSettings {
        let size = self.size.map(|size| [size.x, size.y].map(|side| side.round().max(1.0) as u32));
        let position = self.position.map(|at| [at.x, at.y].map(|coordinate| coordinate.round() as i32));
        WindowSettings { size, position, maximized: self.maximized, ..kept }
    }
}

/// Where `window` has to go so that its head can be taken hold of on one of `screens`; `None` if it can, or none is known.
fn seen_at(window: Rect, screens: &[Rect]) -> Option<Pos2> {
    let head = window.with_max_y(window.top() + HOLD.y);
    let is_seen = |screen: &Rect| {
        let seen = screen.intersect(head).size();
        seen.x >= HOLD.x && seen.y >= HOLD.y
    };
    let first = screens.first().filter(|_| !screens.iter().any(is_seen))?;
    Some((first.center() - window.size() / 2.0).max(first.min))
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

    #[test]
    fn a_window_whose_screen_is_gone_comes_to_one_that_is_there() {
        let screen = |x: f32, y: f32| Rect::from_min_size(pos2(x, y), vec2(1920.0, 1080.0));
        let window = |x: f32, y: f32| Rect::from_min_size(pos2(x, y), vec2(1280.0, 800.0));
        let both = [screen(0.0, 0.0), screen(-1920.0, 0.0)];
        for seen in [(0.0, 0.0), (-1800.0, 100.0), (1800.0, 1000.0), (-640.0, 200.0)] {
            assert_eq!(seen_at(window(seen.0, seen.1), &both), None, "{seen:?}");
        }
        for lost in [(1900.0, 100.0), (0.0, 1070.0), (0.0, -790.0), (4000.0, 50.0)] {
            assert_eq!(seen_at(window(lost.0, lost.1), &both), Some(pos2(320.0, 140.0)), "{lost:?}");
        }
        // It may be larger than the screen that is left: then its head is what is seen.
        let small = Rect::from_min_size(pos2(100.0, 0.0), vec2(960.0, 540.0));
        assert_eq!(seen_at(window(1500.0, 100.0), &[small]), Some(pos2(100.0, 0.0)));
        assert_eq!(seen_at(window(1500.0, 100.0), &[]), None);
    }
}
