//! The window around a model, as `app` has it, with the time and the engine in the test's hands.

use std::rc::Rc;
use std::sync::Arc;

use eframe::egui::{Painter, Rect, UiBuilder, Vec2, vec2};
use egui_kittest::Harness;

use super::canvas::Textures;
use super::{devices, levels, model, ready, state, stats};
use crate::media::{Picture, Size};
use crate::studio::{DestinationState as D, DeviceKind, StudioCommand, StudioEvent};
use crate::ui::model::{Model, Order};
use crate::ui::panels::window::window_ui;
use crate::ui::theme::{self, Look};
use crate::ui::view::ViewState;
use crate::ui::widgets::{PictureView, Pictures};
use crate::ui::wish::Wish;
use crate::ui::wording::{Lang, Words};

/// The smallest window, and the usual one.
pub(super) const SIZES: [Vec2; 2] = [vec2(960.0, 600.0), vec2(1280.0, 800.0)];

/// A picture that is there and paints nothing.
#[derive(Clone, Copy)]
pub(super) struct Still(Size);

impl PictureView for Still {
    fn show(&mut self, picture: Arc<Picture>) {
        self.0 = picture.size();
    }

    fn size(&self) -> Option<Size> {
        Some(self.0)
    }

    fn paint(&self, _: &Painter, _: Rect, _: f32) {}
}

/// The window around a model, as `app` has it, with the time and the engine in the test's hands.
pub(super) struct Desk {
    pub(super) model: Model,
    pub(super) state: ViewState,
    pub(super) now: f64,
    pub(super) orders: Vec<Order>,
    pub(super) look: Look,
    pub(super) words: Words,
    pub(super) picture: Rc<dyn PictureView>,
    pub(super) has_fonts: bool,
    pub(super) wish: Wish,
}

impl Desk {
    /// What the engine was told since this was asked last.
    pub(super) fn engine(&mut self) -> Vec<StudioCommand> {
        let only = |order| if let Order::Engine(command) = order { Some(command) } else { None };
        std::mem::take(&mut self.orders).into_iter().filter_map(only).collect()
    }
}

/// A window of `model`, in English and dark, ten seconds after its opening.
pub(super) fn desk(model: Model) -> Desk {
    Desk {
        model,
        state: ViewState::default(),
        now: 10.0,
        orders: Vec::new(),
        look: Look::Dark,
        words: Words(Lang::English),
        picture: Rc::new(Still(Size::new(1280, 720))),
        has_fonts: false,
        wish: Wish::default(),
    }
}

/// Opens it at `size` points.
pub(super) fn open(desk: Desk, size: Vec2) -> Harness<'static, Desk> {
    open_with(desk, size, Textures::default())
}

/// The same, with its textures given to whoever paints it.
pub(super) fn open_with(desk: Desk, size: Vec2, textures: Textures) -> Harness<'static, Desk> {
    let mut harness = Harness::builder().with_size(size).renderer(textures).build_ui_state(
        |ui, desk: &mut Desk| {
            if !std::mem::replace(&mut desk.has_fonts, true) {
                // Fonts are there from the next frame on.
                theme::install(ui.ctx());
                ui.ctx().request_repaint();
                return;
            }
            theme::apply(ui.ctx(), desk.look, desk.model.appearance().scale);
            let view = desk.model.view(desk.now);
            let begin = desk.wish.due(ui.ctx());
            let mut acts = Vec::new();
            let picture = Rc::clone(&desk.picture);
            // To the edges, as the real window: the harness keeps a margin.
            let whole = ui.ctx().content_rect();
            ui.scope_builder(UiBuilder::new().max_rect(whole), |ui| {
                ui.set_clip_rect(whole);
                let pictures = Pictures { program: &*picture, viewer: &*picture };
                window_ui(ui, &view, &pictures, desk.model.appearance(), &mut desk.state, desk.words, &mut acts);
            });
            for act in desk.wish.ordered(ui.ctx(), acts, begin, &desk.state.settings) {
                desk.orders.extend(desk.model.handle_act(desk.now, act));
            }
        },
        desk,
    );
    harness.run();
    harness
}

/// With sources that work.
pub(super) fn seen(mut model: Model) -> Model {
    model.handle_event(0.0, devices(DeviceKind::Camera, &["HD Webcam", "Kamera Süd"]));
    model.handle_event(0.0, devices(DeviceKind::Microphone, &["USB Audio CODEC"]));
    model.handle_event(0.0, ready(DeviceKind::Camera, "Test picture"));
    model.handle_event(0.0, ready(DeviceKind::Microphone, "Mic"));
    model.handle_levels(&levels(-14.2));
    model
}

/// A show that has been live since second 2.
pub(super) fn live() -> Model {
    let mut model = seen(model());
    model.handle_act(1.0, crate::ui::view::Act::GoLive);
    model.handle_event(1.1, state(D::Connecting));
    model.handle_event(2.0, state(D::Live));
    model.handle_event(3.0, StudioEvent::Stats(Box::new(stats(D::Live))));
    model
}
