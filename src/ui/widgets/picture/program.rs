//! What OpenGL does: with a graphics card it takes the I420 planes as they are and makes colours in a shader (BT.709,
//! limited range), half the cost of an RGBA texture. Where the processor draws, any shader costs ten times what SIMD does:
//! there colours are made before, and only the rows with the round corners are blended.
#![expect(unsafe_code, reason = "OpenGL is a C interface")]

use eframe::egui_glow::ShaderVersion;
use eframe::glow::{self, HasContext};

use crate::media::{Picture, Size};
use crate::video::to_bgra;

/// Draws one picture.
pub(super) struct Program {
    pass: Passes,
    /// A core context draws nothing without one, even if it is empty.
    vertices: glow::VertexArray,
    textures: Vec<glow::Texture>,
    /// The size that the textures have.
    size: Option<Size>,
}

enum Passes {
    Planes(Pass),
    Ready(Box<Ready>),
}

/// For a picture whose colours are made before.
struct Ready {
    plain: Pass,
    round: Pass,
    bgra: Vec<u8>,
}

/// What a picture is to look like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// In pixels of the screen.
    pub(super) size: Size,
    /// Of its corners, in pixels.
    pub(super) radius: f32,
}

/// A pair of shaders.
struct Pass {
    program: glow::Program,
    span: Option<glow::UniformLocation>,
    size: Option<glow::UniformLocation>,
    radius: Option<glow::UniformLocation>,
}

/// A strip over the whole width, from `span.x` to `span.y` of the height, from the top.
const VERTEX: &str = "
out vec2 at;
uniform vec2 span;
void main() {
    at = vec2(float(gl_VertexID & 1), mix(span.x, span.y, float(gl_VertexID >> 1)));
    gl_Position = vec4(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0, 0.0, 1.0);
}
";

/// Beyond the round corners it is transparent; colours are premultiplied, as egui blends.
const COVER: &str = "
uniform vec2 size;
uniform float radius;
float cover(vec2 at) {
    vec2 beyond = abs(at - 0.5) * size - (0.5 * size - radius);
    return clamp(0.5 - length(max(beyond, 0.0)) + radius, 0.0, 1.0);
}
";

/// ITU-R BT.709, limited range.
const FROM_PLANES: &str = "
in vec2 at;
uniform sampler2D plane_0;
uniform sampler2D plane_1;
uniform sampler2D plane_2;
out vec4 colour;
void main() {
    float y = (texture(plane_0, at).r * 255.0 - 16.0) / 219.0;
    float u = (texture(plane_1, at).r * 255.0 - 128.0) / 224.0;
    float v = (texture(plane_2, at).r * 255.0 - 128.0) / 224.0;
    vec3 rgb = vec3(y + 1.5748 * v, y - 0.1873 * u - 0.4681 * v, y + 1.8556 * u);
    colour = vec4(clamp(rgb, 0.0, 1.0), 1.0) * cover(at);
}
";

const FROM_READY: &str = "
in vec2 at;
uniform sampler2D plane_0;
out vec4 colour;
void main() { colour = texture(plane_0, at); }
";

const FROM_READY_ROUND: &str = "
in vec2 at;
uniform sampler2D plane_0;
out vec4 colour;
void main() { colour = texture(plane_0, at) * cover(at); }
";

impl Program {
    /// # Errors
    /// What the driver says.
    pub(super) fn new(gl: &glow::Context, by_processor: bool) -> Result<Self, String> {
        // OpenGL ES does not take blue first.
        let by_processor = by_processor && matches!(ShaderVersion::get(gl), ShaderVersion::Gl140);
        let count = if by_processor { 1 } else { 3 };
        // SAFETY: the context is current, as egui promises a callback; every name is used with the context that made it.
        let (vertices, textures) = unsafe {
            (gl.create_vertex_array()?, (0..count).map(|_| gl.create_texture()).collect::<Result<Vec<_>, _>>()?)
        };
        let pass = match by_processor {
            false => Passes::Planes(Pass::new(gl, &format!("{COVER}{FROM_PLANES}"))?),
            true => Passes::Ready(Box::new(Ready {
                plain: Pass::new(gl, FROM_READY)?,
                round: Pass::new(gl, &format!("{COVER}{FROM_READY_ROUND}"))?,
                bgra: Vec::new(),
            })),
        };
        Ok(Self { pass, vertices, textures, size: None })
    }

    /// Draws `picture` where it belongs. `is_new`: it is another one than the last time.
    pub(super) fn draw(&mut self, gl: &glow::Context, picture: &Picture, is_new: bool, place: Place) {
        match &mut self.pass {
            Passes::Planes(pass) => {
                if is_new || self.size.is_none() {
                    let size = picture.size();
                    let fits = self.size.replace(size) == Some(size);
                    let sizes = [size, size.chroma(), size.chroma()];
                    for ((texture, plane), size) in self.textures.iter().zip(picture.planes()).zip(sizes) {
                        fill(gl, *texture, size, PLANE, plane, fits);
                    }
                }
                bind(gl, &self.textures, self.vertices);
                pass.draw(gl, place, [0.0, 1.0]);
            }
            Passes::Ready(ready) => {
                let Some(texture) = self.textures.first().copied() else { return };
                if is_new || self.size.is_none() {
                    if let Err(error) = to_bgra(picture, &mut ready.bgra) {
                        return tracing::debug!(%error, "a picture is not shown");
                    }
                    let fits = self.size.replace(picture.size()) == Some(picture.size());
                    fill(gl, texture, picture.size(), PIXELS, &ready.bgra, fits);
                }
                bind(gl, &self.textures, self.vertices);
                ready.draw(gl, place);
            }
        }
        // SAFETY: as in `new`. egui uses the first unit and says so once only.
        unsafe { gl.active_texture(glow::TEXTURE0) };
    }

    pub(super) fn free(self, gl: &glow::Context) {
        // SAFETY: as in `new`; nothing uses these names afterwards.
        unsafe {
            match self.pass {
                Passes::Planes(pass) => gl.delete_program(pass.program),
                Passes::Ready(ready) => {
                    gl.delete_program(ready.plain.program);
                    gl.delete_program(ready.round.program);
                }
            }
            gl.delete_vertex_array(self.vertices);
            self.textures.iter().for_each(|texture| gl.delete_texture(*texture));
        }
    }
}

impl Ready {
    fn draw(&self, gl: &glow::Context, place: Place) {
        // Whole rows, so that no pixel belongs to two strips.
        let edge = (place.radius.ceil() / place.size.height.max(1) as f32).min(0.5);
        self.round.draw(gl, place, [0.0, edge]);
        self.round.draw(gl, place, [1.0 - edge, 1.0]);
        // SAFETY: as in `Program::new`; egui always blends.
        unsafe { gl.disable(glow::BLEND) };
        self.plain.draw(gl, place, [edge, 1.0 - edge]);
        // SAFETY: the same.
        unsafe { gl.enable(glow::BLEND) };
    }
}

/// For what is drawn next.
fn bind(gl: &glow::Context, textures: &[glow::Texture], vertices: glow::VertexArray) {
    // SAFETY: as in `Program::new`.
    unsafe {
        for (unit, texture) in (glow::TEXTURE0..).zip(textures) {
            gl.active_texture(unit);
            gl.bind_texture(glow::TEXTURE_2D, Some(*texture));
        }
        gl.bind_vertex_array(Some(vertices));
    }
}

impl Pass {
    fn new(gl: &glow::Context, fragment: &str) -> Result<Self, String> {
        let head = match ShaderVersion::get(gl) {
            ShaderVersion::Gl140 => "#version 140\n",
            ShaderVersion::Es300 => "#version 300 es\nprecision highp float;\n",
            ShaderVersion::Gl120 | ShaderVersion::Es100 => return Err("OpenGL 3.1 or OpenGL ES 3 is needed".to_owned()),
        };
        // SAFETY: as in `Program::new`.
        unsafe {
            let program = gl.create_program()?;
            for (kind, source) in [(glow::VERTEX_SHADER, VERTEX), (glow::FRAGMENT_SHADER, fragment)] {
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
            for (unit, name) in (0..).zip(["plane_0", "plane_1", "plane_2"]) {
                gl.uniform_1_i32(gl.get_uniform_location(program, name).as_ref(), unit);
            }
            Ok(Self {
                program,
                span: gl.get_uniform_location(program, "span"),
                size: gl.get_uniform_location(program, "size"),
                radius: gl.get_uniform_location(program, "radius"),
            })
        }
    }

    fn draw(&self, gl: &glow::Context, place: Place, span: [f32; 2]) {
        // SAFETY: as in `Program::new`; four vertices are made from their index alone.
        unsafe {
            gl.use_program(Some(self.program));
            gl.uniform_2_f32(self.span.as_ref(), span[0], span[1]);
            gl.uniform_2_f32(self.size.as_ref(), place.size.width as f32, place.size.height as f32);
            gl.uniform_1_f32(self.radius.as_ref(), place.radius);
            gl.draw_arrays(glow::TRIANGLE_STRIP, 0, 4);
        }
    }
}

/// How a texture is kept, and in what form it is filled.
type Kind = (u32, u32);
const PLANE: Kind = (glow::R8, glow::RED);
const PIXELS: Kind = (glow::RGBA8, glow::BGRA);

/// Puts `pixels`, rows without padding, into `texture`; `fits`: it is of that size and kind already.
fn fill(gl: &glow::Context, texture: glow::Texture, size: Size, kind: Kind, pixels: &[u8], fits: bool) {
    let (width, height) = (size.width as i32, size.height as i32);
    let pixels = glow::PixelUnpackData::Slice(Some(pixels));
    let (target, bytes) = (glow::TEXTURE_2D, glow::UNSIGNED_BYTE);
    // SAFETY: as in `Program::new`; `pixels` holds exactly the rows of `size`, as the alignment of 1 says.
    unsafe {
        gl.bind_texture(target, Some(texture));
        gl.pixel_store_i32(glow::UNPACK_ALIGNMENT, 1);
        if fits {
            gl.tex_sub_image_2d(target, 0, 0, 0, width, height, kind.1, bytes, pixels);
            return;
        }
        for (what, value) in [
            (glow::TEXTURE_MIN_FILTER, glow::LINEAR),
            (glow::TEXTURE_MAG_FILTER, glow::LINEAR),
            (glow::TEXTURE_WRAP_S, glow::CLAMP_TO_EDGE),
            (glow::TEXTURE_WRAP_T, glow::CLAMP_TO_EDGE),
        ] {
            gl.tex_parameter_i32(target, what, value as i32);
        }
        gl.tex_image_2d(target, 0, kind.0 as i32, width, height, 0, kind.1, bytes, pixels);
    }
}
