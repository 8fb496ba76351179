//! The picture: a trait, so that another renderer is one more file; and OpenGL, which takes the I420 planes as they are and
//! makes colours in a shader (BT.709, limited range): half the cost of an RGBA texture.
#![expect(unsafe_code, reason = "OpenGL is a C interface")]

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use eframe::egui::{PaintCallback, Painter, Rect};
use eframe::egui_glow::{CallbackFn, ShaderVersion};
use eframe::glow::{self, HasContext};

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
            let size = [viewport.width_px as f32, viewport.height_px as f32];
            let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
            slot.draw(painter.gl(), size, radius * info.pixels_per_point);
        });
        painter.add(PaintCallback { rect, callback: Arc::new(callback) });
    }
}

impl Slot {
    fn draw(&mut self, gl: &glow::Context, size: [f32; 2], radius: f32) {
        if matches!(self.renderer, Renderer::Untried) {
            self.renderer = match Program::new(gl) {
                Ok(program) => Renderer::Ready(program),
                Err(reason) => {
                    tracing::warn!(reason, "the picture cannot be shown; the show is not affected");
                    Renderer::Refused
                }
            };
            self.is_new = true;
        }
        let (Renderer::Ready(program), Some(picture)) = (&mut self.renderer, &self.picture) else { return };
        if std::mem::take(&mut self.is_new) {
            program.upload(gl, picture);
        }
        program.draw(gl, size, radius);
    }
}

struct Program {
    program: glow::Program,
    /// A core context draws nothing without one, even if it is empty.
    vertices: glow::VertexArray,
    planes: [glow::Texture; 3],
    planes_size: Option<Size>,
    size_uniform: Option<glow::UniformLocation>,
    radius_uniform: Option<glow::UniformLocation>,
}

const VERTEX: &str = "
out vec2 at;
void main() {
    vec2 corner = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
    at = vec2(corner.x, 1.0 - corner.y);
    gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}
";

/// ITU-R BT.709, limited range. Beyond the round corners it is transparent; colours are premultiplied, as egui blends.
const FRAGMENT: &str = "
in vec2 at;
uniform sampler2D plane_y;
uniform sampler2D plane_u;
uniform sampler2D plane_v;
uniform vec2 size;
uniform float radius;
out vec4 colour;
void main() {
    float y = (texture(plane_y, at).r * 255.0 - 16.0) / 219.0;
    float u = (texture(plane_u, at).r * 255.0 - 128.0) / 224.0;
    float v = (texture(plane_v, at).r * 255.0 - 128.0) / 224.0;
    vec3 rgb = vec3(y + 1.5748 * v, y - 0.1873 * u - 0.4681 * v, y + 1.8556 * u);
    vec2 beyond = abs(at - 0.5) * size - (0.5 * size - radius);
    float distance = length(max(beyond, 0.0)) - radius;
    float cover = clamp(0.5 - distance, 0.0, 1.0);
    colour = vec4(clamp(rgb, 0.0, 1.0) * cover, cover);
}
";

impl Program {
    fn new(gl: &glow::Context) -> Result<Self, String> {
        let head = match ShaderVersion::get(gl) {
            ShaderVersion::Gl140 => "#version 140\n",
            ShaderVersion::Es300 => "#version 300 es\nprecision highp float;\n",
            ShaderVersion::Gl120 | ShaderVersion::Es100 => return Err("OpenGL 3.1 or OpenGL ES 3 is needed".to_owned()),
        };
        // SAFETY: the context is current, as egui promises a callback; every name is used with the context that made it.
        unsafe {
            let program = gl.create_program()?;
            for (kind, source) in [(glow::VERTEX_SHADER, VERTEX), (glow::FRAGMENT_SHADER, FRAGMENT)] {
                let shader = gl.create_shader(kind)?;
                gl.shader_source(shader, &format!("{head}{source}"));
                gl.compile_shader(shader);
                if !gl.get_shader_compile_status(shader) {
                    return Err(gl.get_shader_info_log(shader));
                }
                gl.attach_shader(program, shader);
                // It lives on as long as the program.
                gl.delete_shader(shader);
            }
            gl.link_program(program);
            if !gl.get_program_link_status(program) {
                return Err(gl.get_program_info_log(program));
            }
            gl.use_program(Some(program));
            for (unit, name) in (0..).zip(["plane_y", "plane_u", "plane_v"]) {
                gl.uniform_1_i32(gl.get_uniform_location(program, name).as_ref(), unit);
            }
            Ok(Self {
                program,
                vertices: gl.create_vertex_array()?,
                planes: [gl.create_texture()?, gl.create_texture()?, gl.create_texture()?],
                planes_size: None,
                size_uniform: gl.get_uniform_location(program, "size"),
                radius_uniform: gl.get_uniform_location(program, "radius"),
            })
        }
    }

    fn upload(&mut self, gl: &glow::Context, picture: &Picture) {
        let size = picture.size();
        let fits = self.planes_size == Some(size);
        let sizes = [size, size.chroma(), size.chroma()];
        for ((texture, plane), size) in self.planes.into_iter().zip(picture.planes()).zip(sizes) {
            let (width, height) = (size.width as i32, size.height as i32);
            // SAFETY: as in `new`; a plane holds exactly width × height bytes, rows without padding, as the alignment of
            // 1 says.
            unsafe {
                gl.bind_texture(glow::TEXTURE_2D, Some(texture));
                gl.pixel_store_i32(glow::UNPACK_ALIGNMENT, 1);
                let pixels = glow::PixelUnpackData::Slice(Some(plane));
                if fits {
                    gl.tex_sub_image_2d(
                        glow::TEXTURE_2D,
                        0,
                        0,
                        0,
                        width,
                        height,
                        glow::RED,
                        glow::UNSIGNED_BYTE,
                        pixels,
                    );
                } else {
                    for (what, value) in [
                        (glow::TEXTURE_MIN_FILTER, glow::LINEAR),
                        (glow::TEXTURE_MAG_FILTER, glow::LINEAR),
                        (glow::TEXTURE_WRAP_S, glow::CLAMP_TO_EDGE),
                        (glow::TEXTURE_WRAP_T, glow::CLAMP_TO_EDGE),
                    ] {
                        gl.tex_parameter_i32(glow::TEXTURE_2D, what, value as i32);
                    }
                    gl.tex_image_2d(
                        glow::TEXTURE_2D,
                        0,
                        glow::R8 as i32,
                        width,
                        height,
                        0,
                        glow::RED,
                        glow::UNSIGNED_BYTE,
                        pixels,
                    );
                }
            }
        }
        self.planes_size = Some(size);
    }

    fn draw(&self, gl: &glow::Context, size: [f32; 2], radius: f32) {
        // SAFETY: as in `new`; four vertices are made from their index alone.
        unsafe {
            gl.use_program(Some(self.program));
            gl.uniform_2_f32(self.size_uniform.as_ref(), size[0], size[1]);
            gl.uniform_1_f32(self.radius_uniform.as_ref(), radius);
            for (unit, plane) in [glow::TEXTURE0, glow::TEXTURE1, glow::TEXTURE2].into_iter().zip(self.planes) {
                gl.active_texture(unit);
                gl.bind_texture(glow::TEXTURE_2D, Some(plane));
            }
            gl.bind_vertex_array(Some(self.vertices));
            gl.draw_arrays(glow::TRIANGLE_STRIP, 0, 4);
            // egui uses the first unit and says so once only.
            gl.active_texture(glow::TEXTURE0);
        }
    }

    fn free(&self, gl: &glow::Context) {
        // SAFETY: as in `new`; nothing uses these names afterwards.
        unsafe {
            gl.delete_program(self.program);
            gl.delete_vertex_array(self.vertices);
            for plane in self.planes {
                gl.delete_texture(plane);
            }
        }
    }
}
