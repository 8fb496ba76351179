//! Draws frames for real, with the window's own OpenGL painter, but into memory: what is seen without a display.
#![expect(unsafe_code, reason = "OpenGL and EGL are C interfaces")]

use std::cell::RefCell;
use std::num::NonZeroU32;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

use eframe::egui::epaint::ImageDelta;
use eframe::egui::{self, ColorImage, TextureId, TexturesDelta};
use eframe::{egui_glow, glow};
use egui_kittest::TestRenderer;
use glutin::api::egl::context::PossiblyCurrentContext;
use glutin::api::egl::device::Device;
use glutin::api::egl::display::Display;
use glutin::api::egl::surface::Surface;
use glutin::config::{ConfigSurfaceTypes, ConfigTemplateBuilder};
use glutin::context::{ContextApi, ContextAttributesBuilder, Version};
use glutin::prelude::*;
use glutin::surface::{PbufferSurface, SurfaceAttributesBuilder};

/// What a frame changes of the textures: pictures to set in turn, and what is free after it.
type Changes = (Vec<(TextureId, ImageDelta)>, Vec<TextureId>);

/// Takes the textures of a harness, for a canvas that paints its frames.
#[derive(Clone, Default)]
pub(super) struct Textures(Rc<RefCell<Vec<Changes>>>);

impl TestRenderer for Textures {
    fn handle_delta(&mut self, delta: &mut TexturesDelta) {
        let set = std::mem::take(&mut delta.set).into_iter();
        let set = set.flat_map(|(id, images)| images.into_iter().map(move |image| (id, image))).collect();
        let free = std::mem::take(&mut delta.free).into_iter().collect();
        self.0.borrow_mut().push((set, free));
    }
}

/// A context of OpenGL with memory to draw into, on no screen.
pub(super) struct Canvas {
    painter: egui_glow::Painter,
    size: [u32; 2],
    _surface: Surface<PbufferSurface>,
    _context: PossiblyCurrentContext,
}

impl Canvas {
    /// One of `size` pixels, drawn by whatever the system has for OpenGL, be it in software.
    pub(super) fn new(size: [u32; 2]) -> Self {
        let mut devices = Device::query_devices().expect("EGL lists no devices");
        let opened = devices.find_map(|device| open(&device, size));
        let (display, context, surface) = opened.expect("no EGL device draws OpenGL 3.3 into memory");
        let load = |name: &std::ffi::CStr| display.get_proc_address(name);
        // SAFETY: the context is current on this thread, and stays so for as long as the canvas lives.
        let gl = unsafe { glow::Context::from_loader_function_cstr(load) };
        let painter = egui_glow::Painter::new(Arc::new(gl), "", None, false).unwrap();
        Self { painter, size, _surface: surface, _context: context }
    }

    /// Paints a frame.
    pub(super) fn paint(&mut self, ctx: &egui::Context, output: &egui::FullOutput, textures: &Textures) -> ColorImage {
        for (set, free) in textures.0.borrow_mut().drain(..) {
            for (id, image) in &set {
                self.painter.set_texture(*id, image);
            }
            for id in free {
                self.painter.free_texture(id);
            }
        }
        let primitives = ctx.tessellate(output.shapes.clone(), output.pixels_per_point);
        self.painter.clear(self.size, [0.0, 0.0, 0.0, 1.0]);
        self.painter.paint_primitives(self.size, output.pixels_per_point, &primitives);
        self.painter.read_screen_rgba(self.size)
    }

    /// The context, for what else drew with it.
    pub(super) fn gl(&self) -> &glow::Context {
        self.painter.gl()
    }
}

impl Drop for Canvas {
    fn drop(&mut self) {
        self.painter.destroy();
    }
}

fn open(
    device: &Device,
    [width, height]: [u32; 2],
) -> Option<(Display, PossiblyCurrentContext, Surface<PbufferSurface>)> {
    let template = ConfigTemplateBuilder::new().with_surface_type(ConfigSurfaceTypes::PBUFFER).with_alpha_size(8);
    let api = ContextApi::OpenGl(Some(Version::new(3, 3)));
    let attributes = ContextAttributesBuilder::new().with_context_api(api).build(None);
    let pbuffer = SurfaceAttributesBuilder::<PbufferSurface>::new();
    let pbuffer = pbuffer.build(NonZeroU32::new(width)?, NonZeroU32::new(height)?);
    // SAFETY: no raw display or window is handed in; what is made is used only with what it was made of.
    unsafe {
        let display = Display::with_device(device, None).ok()?;
        let config = display.find_configs(template.build()).ok()?.next()?;
        let context = display.create_context(&config, &attributes).ok()?;
        let surface = display.create_pbuffer_surface(&config, &pbuffer).ok()?;
        let context = context.make_current(&surface).ok()?;
        Some((display, context, surface))
    }
}

/// Writes a picture as PNG.
pub(super) fn save(picture: &ColorImage, path: &Path) {
    let [width, height] = picture.size.map(|side| u32::try_from(side).unwrap());
    let bytes = picture.pixels.iter().flat_map(egui::Color32::to_array).collect();
    image::RgbaImage::from_raw(width, height, bytes).unwrap().save(path).unwrap();
}
