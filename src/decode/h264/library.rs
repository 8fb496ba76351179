//! The one place that calls the OpenH264 decoder: a handle, access units in, planes out.
#![expect(unsafe_code, reason = "OpenH264 is a C++ library behind a table of function pointers")]

use std::ffi::{c_int, c_long, c_void};
use std::ptr::{self, NonNull};
use std::slice;

use openh264_sys2::{
    API, DECODER_OPTION, DECODER_OPTION_ERROR_CON_IDC, DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER,
    DECODER_OPTION_TRACE_LEVEL, DynamicAPI, ERROR_CON_DISABLE, ISVCDecoder, ISVCDecoderVtbl, SBufferInfo,
    SDecodingParam, SVideoProperty, VIDEO_BITSTREAM_AVC, WELS_LOG_QUIET,
};

use crate::media::Size;

/// The library's refusal: a call and its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) call: &'static str,
    pub(super) code: c_long,
}

/// An OpenH264 decoder that was initialised.
pub(super) struct Library {
    api: DynamicAPI,
    decoder: NonNull<ISVCDecoder>,
}

// SAFETY: the decoder runs without threads of its own here, has no tie to the thread that made it, and `&mut self`
// lets one thread at a time call it.
unsafe impl Send for Library {}

impl Library {
    /// Makes a decoder.
    pub(super) fn open() -> Result<Self, Refused> {
        let api = DynamicAPI::from_source();
        let mut decoder: *mut ISVCDecoder = ptr::null_mut();
        // SAFETY: the call writes the new handle to the pointer it is given.
        let code = unsafe { api.WelsCreateDecoder(&raw mut decoder) };
        let decoder = NonNull::new(decoder).filter(|_| code == 0).ok_or(Refused { call: "WelsCreateDecoder", code })?;
        let mut library = Self { api, decoder };
        // First of all: the library else prints warnings on standard error.
        library.set_option("SetOption(TRACE_LEVEL)", DECODER_OPTION_TRACE_LEVEL, WELS_LOG_QUIET)?;
        let parameters = SDecodingParam {
            eEcActiveIdc: ERROR_CON_DISABLE,
            sVideoProperty: SVideoProperty {
                size: size_of::<SVideoProperty>() as u32,
                eVideoBsType: VIDEO_BITSTREAM_AVC,
            },
            ..SDecodingParam::default()
        };
        let initialize = library.functions().Initialize.ok_or(Refused { call: "Initialize", code: -1 })?;
        // SAFETY: handle and parameters are valid for the call, which only reads them.
        let code = unsafe { initialize(library.decoder.as_ptr(), &raw const parameters) };
        if code != 0 {
            return Err(Refused { call: "Initialize", code });
        }
        library.set_option("SetOption(TRACE_LEVEL)", DECODER_OPTION_TRACE_LEVEL, WELS_LOG_QUIET)?;
        library.set_option("SetOption(ERROR_CON_IDC)", DECODER_OPTION_ERROR_CON_IDC, ERROR_CON_DISABLE)?;
        Ok(library)
    }

    /// Feeds one whole access unit (Annex B) with a number that comes back with its picture; hands every picture
    /// that is ready to `take`, before the library may use its memory again.
    pub(super) fn decode(&mut self, annexb: &[u8], tag: u64, mut take: impl FnMut(&Planes<'_>)) -> Result<(), Refused> {
        let length = c_int::try_from(annexb.len()).map_err(|_too_long| Refused { call: "DecodeFrame2", code: -1 })?;
        let first = self.decode_part(annexb.as_ptr(), length, tag, &mut take);
        // A second call with nothing says that the access unit is complete.
        let second = self.decode_part(ptr::null(), 0, tag, &mut take);
        match first | second {
            0 => Ok(()),
            code => Err(Refused { call: "DecodeFrame2", code }),
        }
    }

    /// Takes one picture that waits for its turn, if there is one.
    pub(super) fn flush_one(&mut self, mut take: impl FnMut(&Planes<'_>)) -> bool {
        if self.waiting() == 0 {
            return false;
        }
        let Some(flush) = self.functions().FlushFrame else { return false };
        let mut planes = [ptr::null_mut::<u8>(); 3];
        let mut info = SBufferInfo::default();
        // SAFETY: handle, the three plane pointers and the structure are valid for the call.
        unsafe { flush(self.decoder.as_ptr(), planes.as_mut_ptr(), &raw mut info) };
        self.hand_out(planes, &info, &mut take)
    }

    fn waiting(&self) -> c_int {
        let mut count: c_int = 0;
        if let Some(get) = self.functions().GetOption {
            let value: *mut c_void = ptr::from_mut(&mut count).cast();
            // SAFETY: the option's type is int.
            unsafe { get(self.decoder.as_ptr(), DECODER_OPTION_NUM_OF_FRAMES_REMAINING_IN_BUFFER, value) };
        }
        count
    }

    fn decode_part(&mut self, bytes: *const u8, length: c_int, tag: u64, take: &mut impl FnMut(&Planes<'_>)) -> c_long {
        let Some(decode) = self.functions().DecodeFrame2 else { return -1 };
        let mut planes = [ptr::null_mut::<u8>(); 3];
        let mut info = SBufferInfo { uiInBsTimeStamp: tag, ..SBufferInfo::default() };
        // SAFETY: the handle is valid, `bytes` is null with length 0 or holds `length` bytes, which the library
        // copies; the three plane pointers and the structure are valid for the call.
        let code = unsafe { decode(self.decoder.as_ptr(), bytes, length, planes.as_mut_ptr(), &raw mut info) };
        self.hand_out(planes, &info, take);
        c_long::from(code)
    }

    fn hand_out(&mut self, planes: [*mut u8; 3], info: &SBufferInfo, take: &mut impl FnMut(&Planes<'_>)) -> bool {
        if info.iBufferStatus != 1 || planes.iter().any(|plane| plane.is_null()) {
            return false;
        }
        // SAFETY: with status 1 the union holds its only member.
        let memory = unsafe { info.UsrData.sSystemBuffer };
        let [Ok(width), Ok(height), Ok(luma_stride), Ok(chroma_stride)] =
            [memory.iWidth, memory.iHeight, memory.iStride[0], memory.iStride[1]].map(u32::try_from)
        else {
            return false;
        };
        let size = Size::new(width, height);
        if size.area() == 0 || luma_stride < width || chroma_stride < size.chroma().width {
            return false;
        }
        let [luma_stride, chroma_stride] = [luma_stride as usize, chroma_stride as usize];
        let plane = |at: *mut u8, stride: usize, width: u32, height: u32| {
            // SAFETY: the library's plane has `height` rows of `stride` bytes; the last row is only promised to be
            // `width` long. It stays as it is until the next call, for which `self` must be free again.
            unsafe { slice::from_raw_parts(at.cast_const(), stride * (height as usize - 1) + width as usize) }
        };
        let chroma = size.chroma();
        take(&Planes {
            size,
            tag: info.uiOutYuvTimeStamp,
            strides: [luma_stride, chroma_stride, chroma_stride],
            planes: [
                plane(planes[0], luma_stride, width, height),
                plane(planes[1], chroma_stride, chroma.width, chroma.height),
                plane(planes[2], chroma_stride, chroma.width, chroma.height),
            ],
        });
        true
    }

    fn set_option(&mut self, call: &'static str, option: DECODER_OPTION, mut value: c_int) -> Result<(), Refused> {
        let set = self.functions().SetOption.ok_or(Refused { call, code: -1 })?;
        let value: *mut c_void = ptr::from_mut(&mut value).cast();
        // SAFETY: every option that is set here has the type int.
        match unsafe { set(self.decoder.as_ptr(), option, value) } {
            0 => Ok(()),
            code => Err(Refused { call, code }),
        }
    }

    fn functions(&self) -> ISVCDecoderVtbl {
        // SAFETY: a handle made by WelsCreateDecoder points to its table until it is destroyed.
        unsafe { **self.decoder.as_ptr() }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        if let Some(uninitialize) = self.functions().Uninitialize {
            // SAFETY: the handle is valid, and uninitialising without initialising does nothing.
            unsafe { uninitialize(self.decoder.as_ptr()) };
        }
        // SAFETY: the handle came from this interface and is not used after.
        unsafe { self.api.WelsDestroyDecoder(self.decoder.as_ptr()) };
    }
}

/// A picture in the decoder's memory: cropped, rows `strides` bytes apart.
pub(super) struct Planes<'a> {
    pub(super) size: Size,
    /// The number that its access unit was fed with.
    pub(super) tag: u64,
    pub(super) strides: [usize; 3],
    pub(super) planes: [&'a [u8]; 3],
}
