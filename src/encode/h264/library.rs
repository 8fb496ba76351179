//! The one place that calls the OpenH264 encoder: a handle, options, pictures in, NAL units out.
#![expect(unsafe_code, reason = "OpenH264 is a C++ library behind a table of function pointers")]

use std::ffi::{c_int, c_void};
use std::ptr::{self, NonNull};
use std::slice;

use openh264_sys2::{
    API, DynamicAPI, ENCODER_OPTION, ENCODER_OPTION_BITRATE, ENCODER_OPTION_MAX_BITRATE, ENCODER_OPTION_TRACE_LEVEL,
    ISVCEncoder, ISVCEncoderVtbl, SBitrateInfo, SEncParamExt, SFrameBSInfo, SPATIAL_LAYER_0, SSourcePicture,
    WELS_LOG_QUIET, videoFormatI420,
};

use crate::encode::EncodeError;
use crate::media::{Bitrate, Picture};

/// An OpenH264 encoder that was initialised.
pub(super) struct Library {
    api: DynamicAPI,
    encoder: NonNull<ISVCEncoder>,
    /// Where the library describes its output: 8 kB, kept so that no picture clears it again.
    output: Box<SFrameBSInfo>,
}

// SAFETY: the encoder has no tie to the thread that made it, and `&mut self` lets one thread at a time call it.
unsafe impl Send for Library {}

impl Library {
    /// Makes an encoder. `adjust` changes the library's default parameters.
    pub(super) fn open(adjust: impl FnOnce(&mut SEncParamExt)) -> Result<Self, EncodeError> {
        let api = DynamicAPI::from_source();
        let mut encoder: *mut ISVCEncoder = ptr::null_mut();
        // SAFETY: the call writes the new handle to the pointer it is given.
        let code = unsafe { api.WelsCreateSVCEncoder(&raw mut encoder) };
        let encoder = NonNull::new(encoder)
            .filter(|_| code == 0)
            .ok_or(EncodeError::Library { call: "WelsCreateSVCEncoder", code: code.into() })?;
        let mut library = Self { api, encoder, output: Box::default() };
        // First of all: the library else prints warnings on standard error.
        let mut quiet: c_int = WELS_LOG_QUIET;
        library.set_option("SetOption(TRACE_LEVEL)", ENCODER_OPTION_TRACE_LEVEL, &mut quiet)?;
        let mut parameters = SEncParamExt::default();
        let get_defaults = library.functions().GetDefaultParams;
        // SAFETY: handle and structure are valid for the call, which fills the structure.
        library.call("GetDefaultParams", get_defaults, |f, handle| unsafe { f(handle, &raw mut parameters) })?;
        adjust(&mut parameters);
        let initialize = library.functions().InitializeExt;
        // SAFETY: as above; the call only reads the parameters.
        library.call("InitializeExt", initialize, |f, handle| unsafe { f(handle, &raw const parameters) })?;
        // Initialisation sets the level back.
        library.set_option("SetOption(TRACE_LEVEL)", ENCODER_OPTION_TRACE_LEVEL, &mut quiet)?;
        Ok(library)
    }

    /// The parameter sets as the encoder writes them before each keyframe: NAL units with start codes.
    pub(super) fn parameter_sets(&mut self) -> Result<Output<'_>, EncodeError> {
        let encode = self.functions().EncodeParameterSets;
        let output: *mut SFrameBSInfo = &raw mut *self.output;
        // SAFETY: `output` is valid for the call, which fills it.
        self.call("EncodeParameterSets", encode, |f, handle| unsafe { f(handle, output) })?;
        Ok(Output { info: &self.output })
    }

    /// Encodes one picture; `millis` is its time.
    pub(super) fn encode(&mut self, picture: &Picture, millis: i64) -> Result<Output<'_>, EncodeError> {
        let [y, u, v] = picture.planes();
        let size = picture.size();
        let (width, chroma_width) = (size.width as c_int, size.chroma().width as c_int);
        let source = SSourcePicture {
            iColorFormat: videoFormatI420,
            iStride: [width, chroma_width, chroma_width, 0],
            // The library takes mutable pointers and reads only.
            pData: [y.as_ptr().cast_mut(), u.as_ptr().cast_mut(), v.as_ptr().cast_mut(), ptr::null_mut()],
            iPicWidth: width,
            iPicHeight: size.height as c_int,
            uiTimeStamp: millis,
            ..SSourcePicture::default()
        };
        let encode = self.functions().EncodeFrame;
        let output: *mut SFrameBSInfo = &raw mut *self.output;
        // SAFETY: the planes are as large as strides and size say (`Picture` guarantees it) and live through the
        // call, after which the library keeps no pointer to them; `output` is valid for the call.
        self.call("EncodeFrame", encode, |f, handle| unsafe { f(handle, &raw const source, output) })?;
        Ok(Output { info: &self.output })
    }

    /// Makes the next picture a keyframe.
    pub(super) fn force_keyframe(&mut self) -> Result<(), EncodeError> {
        let force = self.functions().ForceIntraFrame;
        // SAFETY: the handle is valid.
        self.call("ForceIntraFrame", force, |f, handle| unsafe { f(handle, true) })
    }

    /// Changes target and limit from the next picture on; `raise` tells whether it is more than before.
    pub(super) fn set_bitrate(&mut self, bitrate: Bitrate, raise: bool) -> Result<(), EncodeError> {
        let info =
            SBitrateInfo { iLayer: SPATIAL_LAYER_0, iBitrate: c_int::try_from(bitrate.bps()).unwrap_or(c_int::MAX) };
        // The limit may never be below the target, not even between the two calls.
        let mut calls = [
            ("SetOption(MAX_BITRATE)", ENCODER_OPTION_MAX_BITRATE, info),
            ("SetOption(BITRATE)", ENCODER_OPTION_BITRATE, info),
        ];
        if !raise {
            calls.reverse();
        }
        calls.iter_mut().try_for_each(|(name, option, value)| self.set_option(name, *option, value))
    }

    fn set_option<T>(&mut self, call: &'static str, option: ENCODER_OPTION, value: &mut T) -> Result<(), EncodeError> {
        let set = self.functions().SetOption;
        let value: *mut c_void = ptr::from_mut(value).cast();
        // SAFETY: every caller gives the type that the option's documentation names.
        self.call(call, set, |f, handle| unsafe { f(handle, option, value) })
    }

    fn functions(&self) -> ISVCEncoderVtbl {
        // SAFETY: a handle made by WelsCreateSVCEncoder points to its table until it is destroyed.
        unsafe { **self.encoder.as_ptr() }
    }

    fn call<F>(
        &self,
        call: &'static str,
        function: Option<F>,
        make: impl FnOnce(F, *mut ISVCEncoder) -> c_int,
    ) -> Result<(), EncodeError> {
        let function = function.ok_or(EncodeError::Library { call, code: -1 })?;
        match make(function, self.encoder.as_ptr()) {
            0 => Ok(()),
            code => Err(EncodeError::Library { call, code: code.into() }),
        }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let uninitialize = self.functions().Uninitialize;
        // SAFETY: the handle is valid, and uninitialising twice or without initialising does nothing.
        drop(self.call("Uninitialize", uninitialize, |f, handle| unsafe { f(handle) }));
        // SAFETY: the handle came from this interface and is not used after.
        unsafe { self.api.WelsDestroySVCEncoder(self.encoder.as_ptr()) };
    }
}

/// What one call gave; lives until the next call.
pub(super) struct Output<'a> {
    info: &'a SFrameBSInfo,
}

impl<'a> Output<'a> {
    /// The NAL units, each with its start code, in the encoder's own memory.
    pub(super) fn nals(&self) -> impl Iterator<Item = &'a [u8]> + Clone + use<'a> {
        let count = usize::try_from(self.info.iLayerNum).unwrap_or(0);
        let layers: &'a [openh264_sys2::SLayerBSInfo] = self.info.sLayerInfo.get(..count).unwrap_or_default();
        layers.iter().filter(|layer| !layer.pBsBuf.is_null() && !layer.pNalLengthInByte.is_null()).flat_map(|layer| {
            let count = usize::try_from(layer.iNalCount).unwrap_or(0);
            // SAFETY: the library says that `pNalLengthInByte` holds `iNalCount` lengths; they live in the
            // encoder, which `Output` borrows, until the next call.
            let lengths = unsafe { slice::from_raw_parts(layer.pNalLengthInByte, count) };
            let total: usize = lengths.iter().filter_map(|&length| usize::try_from(length).ok()).sum();
            // SAFETY: the NAL units of a layer lie one behind the other from `pBsBuf` on, and their lengths are
            // those above; same lifetime.
            let mut rest = unsafe { slice::from_raw_parts(layer.pBsBuf.cast_const(), total) };
            lengths.iter().filter_map(move |&length| {
                let (nal, after) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                rest = after;
                Some(nal)
            })
        })
    }
}
