//! The only glue: once a frame it hands the engine's events to the model, draws the view, and turns acts into commands.

use std::path::PathBuf;
use std::time::Duration;

use eframe::egui::{self, Rect, ViewportCommand, pos2, vec2};
use eframe::glow::{self, HasContext};

use super::desktop::Desktop;
use super::dialogs::Dialogs;
use super::model::Model;
use super::order::Order;
use super::pace::Pace;
use super::panels::strip::{state_seconds, state_word};
use super::panels::window::window_ui;
use super::place::Place;
use super::profile_request::ProfileRequest;
use super::profiles::ProfileKeeper;
use super::theme::{self, Look};
use super::view::{Act, Appearance, Phase, ShowView, ViewState};
use super::widgets::{GlowPicture, PictureView, Pictures};
use super::wish::Wish;
use super::wording::{Lang, Text, Words};
use crate::clock::Clock;
use crate::settings::{ProfileStore, ShowSettings, WindowSettings};
use crate::studio::{NextEvent, PreviewRate, Problem, ProblemKind, Studio};

/// Most events taken in one frame: a frame must stay short.
const EVENTS_A_FRAME: usize = 64;
/// Time between frames for meters and timers, where each picture of the program is shown.
const LIVELY: Duration = Duration::from_millis(50);
/// The same while the window is hidden: events are taken, nothing is drawn.
const HIDDEN: Duration = Duration::from_millis(500);
/// Pictures where the processor draws and nobody looks.
const SELDOM: PreviewRate = PreviewRate::PerSecond(1);
/// Whoever moves the pointer over a window without the focus looks at it, and for so many seconds after.
const POINTED_AT_SECONDS: f32 = 3.0;

/// What the window opens with.
#[derive(Clone, Debug)]
pub(super) struct Opening {
    /// When the program was started.
    pub started: crate::media::Timestamp,
    /// What was chosen for the show.
    pub settings: ShowSettings,
    /// The profile that came from.
    pub profile: Option<String>,
    /// The folder of settings, if the system names one.
    pub config_dir: Option<PathBuf>,
    /// How the window looked and stood when it was closed.
    pub kept: WindowSettings,
    /// The folder of recordings.
    pub recordings: PathBuf,
    /// The system's language.
    pub lang: Lang,
    /// Whether the system asks for high contrast.
    pub high_contrast: bool,
}

/// The window.
pub(super) struct App {
    opening: Opening,
    clock: Clock,
    opened_at: crate::media::Timestamp,
    /// `None`: it did not open, or is gone.
    studio: Option<Studio>,
    /// `None`: the system names no folder for settings, or gives no thread.
    profiles: Option<ProfileKeeper>,
    dialogs: Option<Dialogs>,
    desktop: Option<Desktop>,
    /// What the desktop wants the window to look like, if it minds.
    desktop_look: Option<Look>,
    /// The look of this frame.
    shown_look: Look,
    model: Model,
    state: ViewState,
    picture: GlowPicture,
    viewer_picture: GlowPicture,
    title: String,
    /// The title as it is announced: a change of seconds is no news.
    spoken_title: String,
    wish: Wish,
    place: Place,
    pace: Pace,
    /// Whether the processor draws, in the place of a graphics card.
    drawn_by_processor: bool,
    /// How often the program was asked to end from outside.
    interrupts: Box<dyn Fn() -> usize>,
    /// How often that was heeded.
    heeded: usize,
}

impl App {
    pub(super) fn new(
        ctx: &egui::Context,
        gl: Option<&glow::Context>,
        opening: Opening,
        clock: Clock,
        interrupts: Box<dyn Fn() -> usize>,
    ) -> Self {
        theme::install(ctx);
        let opened_at = clock.now();
        let appearance = appearance_of(&opening.kept);
        let asks = !opening.kept.asked;
        let mut model = Model::new(opening.settings.clone(), opening.profile.clone(), appearance, asks);
        model.record_into(opening.recordings.clone());
        model.system_speaks(opening.lang);
        let studio = match Studio::open(&opening.settings, clock.clone()) {
            Ok(studio) => Some(studio),
            Err(problem) => {
                model.handle_gone(0.0, problem);
                None
            }
        };
        if let Some(studio) = &studio {
            let waker = ctx.clone();
            // Without any delay egui would draw each picture twice.
            studio.preview().set_notify(move || waker.request_repaint_after(Duration::from_millis(1)));
        }
        let waker = ctx.clone();
        let store = opening.config_dir.clone().map(ProfileStore::open);
        let keeper = |store| ProfileKeeper::start(store, clock.clone(), move || waker.request_repaint()).ok();
        let profiles = store.and_then(keeper);
        if let Some(profiles) = &profiles {
            profiles.ask(ProfileRequest::Resume);
            for order in model.look_at_files() {
                if let Order::Profile(look) = order {
                    profiles.ask(look);
                }
            }
        }
        let drawn_by_processor = gl.is_some_and(is_software);
        let new_picture = match drawn_by_processor {
            true => GlowPicture::drawn_by_processor,
            false => GlowPicture::default,
        };
        let waker = ctx.clone();
        let dialogs = Dialogs::start(move || waker.request_repaint()).ok();
        let waker = ctx.clone();
        let desktop = Desktop::start(move || waker.request_repaint()).ok();
        Self {
            profiles,
            dialogs,
            desktop,
            desktop_look: None,
            shown_look: Look::default(),
            place: Place::of(&opening.kept),
            pace: Pace::default(),
            drawn_by_processor,
            interrupts,
            heeded: 0,
            opening,
            clock,
            opened_at,
            studio,
            model,
            state: ViewState::default(),
            picture: new_picture(),
            viewer_picture: new_picture(),
            title: String::new(),
            spoken_title: String::new(),
            wish: Wish::default(),
        }
    }

    /// Seconds since the window was opened.
    fn now(&self) -> f64 {
        self.clock.now().nanos_since(self.opened_at) as f64 / 1e9
    }

    fn words(&self) -> Words {
        Words(self.model.appearance().lang.unwrap_or(self.opening.lang))
    }

    fn look(&self, ctx: &egui::Context) -> Look {
        let system = || match (self.opening.high_contrast, self.desktop_look, ctx.system_theme()) {
            (true, ..) => Look::HighContrast,
            (false, Some(look), _) => look,
            (false, None, Some(egui::Theme::Light)) => Look::Light,
            (false, None, Some(egui::Theme::Dark) | None) => Look::Dark,
        };
        self.model.appearance().look.unwrap_or_else(system)
    }

    fn take_events(&mut self, now: f64) {
        for _ in 0..EVENTS_A_FRAME {
            let Some(studio) = &self.studio else { return };
            match studio.next_event(Duration::ZERO) {
                NextEvent::Event(event) => self.model.handle_event(now, event),
                NextEvent::Nothing => return,
                NextEvent::Gone => {
                    self.studio = None;
                    let problem = Problem::new(ProblemKind::Internal, "studio", "its thread ended");
                    self.model.handle_gone(now, problem);
                }
            }
        }
    }

    fn take_answers(&mut self, ctx: &egui::Context, now: f64) {
        let mut orders = Vec::new();
        while let Some(answer) = self.profiles.as_ref().and_then(|profiles| profiles.next_answer(Duration::ZERO)) {
            orders.extend(self.model.handle_profile(now, answer));
        }
        while let Some(answer) = self.dialogs.as_ref().and_then(|dialogs| dialogs.next_answer(Duration::ZERO)) {
            orders.extend(self.model.handle_dialog(now, answer));
        }
        if let Some(look) = self.desktop.as_ref().and_then(Desktop::take) {
            self.desktop_look = look;
        }
        orders.extend(self.model.handle_time(now));
        for order in orders {
            self.carry_out(ctx, order);
        }
    }

    fn carry_out(&mut self, ctx: &egui::Context, order: Order) {
        match order {
            Order::Engine(command) => {
                let heard = self.studio.as_ref().is_some_and(|studio| studio.command(command));
                if !heard {
                    tracing::warn!("the studio did not hear a command");
                }
            }
            Order::Copy(text) => ctx.copy_text(text),
            Order::Profile(request) => self.ask_keeper(request),
            Order::Ask(request) => {
                if !self.dialogs.as_ref().is_some_and(|dialogs| dialogs.ask(request)) {
                    tracing::warn!("a file dialog is open already");
                }
            }
            Order::KeepWindow => self.keep_window(),
        }
    }

    fn ask_keeper(&self, request: ProfileRequest) {
        if !self.profiles.as_ref().is_some_and(|profiles| profiles.ask(request)) {
            tracing::warn!("the keeper of profiles did not hear a request");
        }
    }

    fn keep_window(&self) {
        let asked = !self.model.asks_first_questions();
        let kept = self.place.kept_in(kept_of(self.model.appearance(), asked));
        self.ask_keeper(ProfileRequest::KeepWindow(Box::new(kept)));
    }

    /// The system ends the session, or somebody pressed Ctrl-C: first the show ends, then the window closes.
    fn heed_interrupts(&mut self, ctx: &egui::Context, now: f64) {
        let count = (self.interrupts)();
        if count > self.heeded && self.model.is_on() && count == 1 {
            self.heeded = count;
            for order in self.model.end(now) {
                self.carry_out(ctx, order);
            }
        } else if count > 1 || (count == 1 && !self.model.is_on()) {
            self.heeded = count;
            ctx.send_viewport_cmd(ViewportCommand::Close);
        }
    }

    /// A show is not ended by closing the window: that is asked first, where it is seen.
    fn guard_closing(&mut self, ctx: &egui::Context, show: &ShowView) {
        if self.heeded > 0 {
            return;
        }
        let asked_to_close = ctx.input(|input| input.viewport().close_requested());
        if asked_to_close && show.phase.is_on_its_way() && !show.rehearsal {
            ctx.send_viewport_cmd(ViewportCommand::CancelClose);
            ctx.send_viewport_cmd(ViewportCommand::Minimized(false));
            ctx.send_viewport_cmd(ViewportCommand::Focus);
            self.state.primary.asks = true;
        }
    }

    fn tell_title(&mut self, ctx: &egui::Context, show: &ShowView) {
        let words = self.words();
        let name = words.text(Text::AppName);
        let titled = |state: &str| match show.phase {
            Phase::Ready => name.to_owned(),
            _ => format!("{state} · {name}"),
        };
        let word = state_word(show, words);
        self.spoken_title = titled(&word);
        let title = match state_seconds(show, words) {
            Some(seconds) => titled(&format!("{word} {seconds}")),
            None => self.spoken_title.clone(),
        };
        if title != self.title {
            ctx.send_viewport_cmd(ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}

/// Where the screens are, in points.
fn screens(ctx: &egui::Context, frame: &eframe::Frame) -> Vec<Rect> {
    let monitors = frame.winit_window().map(|window| window.available_monitors());
    let places = monitors.into_iter().flatten().map(|monitor| {
        let (at, size) = (monitor.position(), monitor.size());
        let pixels = pos2(at.x as f32, at.y as f32);
        Rect::from_min_size(pixels, vec2(size.width as f32, size.height as f32)) / ctx.pixels_per_point()
    });
    places.collect()
}

fn is_looked_at(input: &egui::InputState) -> bool {
    let pointed_at = input.pointer.has_pointer() && input.pointer.time_since_last_movement() < POINTED_AT_SECONDS;
    input.viewport().focused.unwrap_or(true) || pointed_at
}

/// Time between frames beside so many pictures.
fn pause_at(rate: PreviewRate) -> Duration {
    match rate {
        PreviewRate::Off => HIDDEN,
        PreviewRate::PerSecond(count) => Duration::from_secs(1) / u32::from(count.max(1)),
        PreviewRate::Full => LIVELY,
    }
}

impl eframe::App for App {
    fn logic(&mut self, ctx: &egui::Context, frame: &mut eframe::Frame) {
        let now = self.now();
        let began = self.clock.now();
        self.place.see(ctx);
        if let Some(at) = self.place.find(ctx, || screens(ctx, frame)) {
            ctx.send_viewport_cmd(ViewportCommand::OuterPosition(at));
        }
        self.take_events(now);
        self.take_answers(ctx, now);
        self.heed_interrupts(ctx, now);
        // Here, not where the window is drawn: nothing is while it is covered or minimised.
        let show = self.model.show_view(now);
        self.guard_closing(ctx, &show);
        self.tell_title(ctx, &show);
        let hidden =
            ctx.input(|input| input.viewport().minimized == Some(true) || input.viewport().occluded == Some(true));
        let lively = self.model.is_on() || ctx.input(is_looked_at);
        let rate = match (hidden, lively) {
            (true, _) => PreviewRate::Off,
            // The processor has a show to encode.
            (false, true) if self.drawn_by_processor && self.model.is_on() => PreviewRate::PerSecond(10),
            (false, true) if self.drawn_by_processor => PreviewRate::PerSecond(15),
            (false, true) => PreviewRate::Full,
            (false, false) if self.drawn_by_processor => SELDOM,
            (false, false) => PreviewRate::PerSecond(5),
        };
        if let Some(studio) = &self.studio {
            studio.preview().set_rate(rate);
            // Wanted only while both are shown.
            studio.viewer().preview().set_rate(if self.model.rehearses() { rate } else { PreviewRate::Off });
        }
        ctx.request_repaint_after(pause_at(rate));
        self.pace.worked(self.clock.now().since(began));
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let now = self.now();
        if let Some(studio) = &self.studio {
            if let Some(picture) = studio.preview().take() {
                self.picture.show(picture);
            }
            let seldom = studio.preview().rate() == SELDOM;
            self.model.handle_levels(&if seldom { studio.glance_at_levels() } else { studio.levels() });
            if self.model.rehearses() {
                if let Some(picture) = studio.viewer().preview().take() {
                    self.viewer_picture.show(picture);
                }
                self.model.handle_viewer(&studio.viewer().now());
            }
        }
        self.shown_look = self.look(ui.ctx());
        theme::apply(ui.ctx(), self.shown_look, self.model.appearance().scale);
        let (view, words) = (self.model.view(now), self.words());
        let begin = self.wish.due(ui.ctx());
        let mut acts: Vec<Act> = Vec::new();
        let pictures = Pictures { program: &self.picture, viewer: &self.viewer_picture };
        window_ui(ui, &view, &pictures, self.model.appearance(), &mut self.state, words, &mut acts);
        for act in self.wish.ordered(ui.ctx(), acts, begin, &self.state.settings) {
            for order in self.model.handle_act(now, act) {
                self.carry_out(ui.ctx(), order);
            }
        }
        // Screen readers of Linux say this title.
        ui.ctx().accesskit_node_builder(egui::accesskit_root_id(), |node| node.set_label(self.spoken_title.as_str()));
        self.pace.drawn(self.clock.now().since(self.opening.started));
    }

    /// The ground of the whole window: no panel paints it again, which software GL would pay for pixel by pixel.
    fn clear_color(&self, _visuals: &egui::Visuals) -> [f32; 4] {
        theme::Tokens::of(self.shown_look).bg.to_normalized_gamma_f32()
    }

    fn on_exit(&mut self, gl: Option<&glow::Context>) {
        // The keeper finishes what it was asked before it goes.
        if let Some(Order::Profile(request)) = self.model.keep() {
            self.ask_keeper(request);
        }
        self.keep_window();
        self.pace.tell();
        if let Some(gl) = gl {
            self.picture.free(gl);
            self.viewer_picture.free(gl);
        }
    }
}

/// Whether OpenGL is done in software: by the names that its makers give it.
#[expect(unsafe_code, reason = "OpenGL is a C interface")]
fn is_software(gl: &glow::Context) -> bool {
    // SAFETY: the context is current while the window is made, as eframe promises; the name is a constant of OpenGL.
    let name = unsafe { gl.get_parameter_string(glow::RENDERER) }.to_ascii_lowercase();
    ["llvmpipe", "softpipe", "swrast", "swiftshader", "software"].iter().any(|known| name.contains(known))
}

fn appearance_of(kept: &WindowSettings) -> Appearance {
    let look = match kept.look.as_deref() {
        Some("dark") => Some(Look::Dark),
        Some("light") => Some(Look::Light),
        Some("high_contrast") => Some(Look::HighContrast),
        _ => None,
    };
    let lang = match kept.language.as_deref() {
        Some("en") => Some(Lang::English),
        Some("de") => Some(Lang::German),
        _ => None,
    };
    let scale = kept.text_percent.map_or(1.0, |percent| percent.clamp(80, 200) as f32 / 100.0);
    Appearance { look, lang, scale }
}

fn kept_of(appearance: Appearance, asked: bool) -> WindowSettings {
    let look = appearance.look.map(|look| match look {
        Look::Dark => "dark",
        Look::Light => "light",
        Look::HighContrast => "high_contrast",
    });
    let language = appearance.lang.map(|lang| lang.pick(["en", "de"]));
    WindowSettings {
        look: look.map(str::to_owned),
        language: language.map(str::to_owned),
        text_percent: Some((appearance.scale * 100.0).round() as u32),
        asked,
        ..WindowSettings::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_the_window_looks_is_kept_whole() {
        for look in [None, Some(Look::Dark), Some(Look::Light), Some(Look::HighContrast)] {
            for lang in [None, Some(Lang::English), Some(Lang::German)] {
                let appearance = Appearance { look, lang, scale: 1.4 };
                let kept = kept_of(appearance, true);
                assert!(kept.asked);
                assert_eq!(appearance_of(&kept), appearance);
            }
        }
    }
}
