//! The picture: a trait, so that another renderer is one more file; and OpenGL.

mod program;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use eframe::egui::{PaintCallback, Painter, Rect};
use eframe::egui_glow::CallbackFn;
use eframe::glow;
use program::{Place, Program};

use crate::media::{Picture, Size};

/// Shows pictures.
pub trait PictureView {
    /// From now on shows `picture`.
    fn show(&mut self, picture: Arc<Picture>);

    /// The size of what is shown, once there is something.
    fn size(&self) -> Option<Size>;

    /// Paints it into all of `rect`, with round corners of `radius` points.
    fn paint(&self, painter: &Painter, rect: Rect, radius: f32);
}

/// What the window shows: the program, and in a rehearsal what a viewer gets of it.
pub struct Pictures<'a> {
    /// The program.
    pub program: &'a dyn PictureView,
    /// The viewer's.
    pub viewer: &'a dyn PictureView,
}

/// Pictures through OpenGL 3 or OpenGL ES 3.
#[derive(Default)]
pub struct GlowPicture(Arc<Mutex<Slot>>);

#[derive(Default)]
struct Slot {
    picture: Option<Arc<Picture>>,
    is_new: bool,
    renderer: Renderer,
    by_processor: bool,
}

#[derive(Default)]
enum Renderer {
    #[default]
    Untried,
    Ready(Program),
    /// The driver cannot; it is told once.
    Refused,
}

impl fmt::Debug for GlowPicture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GlowPicture").field("size", &self.size()).finish_non_exhaustive()
    }
}

impl GlowPicture {
    /// For a screen that is drawn by the processor: colours are made before, not at each pixel.
    pub fn drawn_by_processor() -> Self {
        let slot = Slot { by_processor: true, ..Slot::default() };
        Self(Arc::new(Mutex::new(slot)))
    }

    /// Gives back what OpenGL holds. To be called while the window's context is still there.
    pub fn free(&self, gl: &glow::Context) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Renderer::Ready(program) = std::mem::take(&mut slot.renderer) {
            program.free(gl);
        }
    }
}

impl PictureView for GlowPicture {
    fn show(&mut self, picture: Arc<Picture>) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.picture = Some(picture);
        slot.is_new = true;
    }

    fn size(&self) -> Option<Size> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).picture.as_ref().map(|picture| picture.size())
    }

    fn paint(&self, painter: &Painter, rect: Rect, radius: f32) {
        let slot = Arc::clone(&self.0);
        let callback = CallbackFn::new(move |info, painter| {
            let viewport = info.viewport_in_pixels();
            let [width, height] = [viewport.width_px, viewport.height_px].map(|side| side.max(0).cast_unsigned());
            let place = Place { size: Size::new(width, height), radius: radius * info.pixels_per_point };
            slot.lock().unwrap_or_else(PoisonError::into_inner).draw(painter.gl(), place);
        });
        painter.add(PaintCallback { rect, callback: Arc::new(callback) });
    }
}

impl Slot {
    fn draw(&mut self, gl: &glow::Context, place: Place) {
        if matches!(self.renderer, Renderer::Untried) {
            self.renderer = match Program::new(gl, self.by_processor) {
                Ok(program) => Renderer::Ready(program),
                Err(reason) => {
                    tracing::warn!(reason, "the picture cannot be shown; the show is not affected");
                    Renderer::Refused
                }
            };
            self.is_new = true;
        }
        let (Renderer::Ready(program), Some(picture)) = (&mut self.renderer, &self.picture) else { return };
        program.draw(gl, picture, std::mem::take(&mut self.is_new), place);
    }
}
