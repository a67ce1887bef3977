"""What ffmpeg may open a file with: by default it would take all it was ever taught."""

# The demuxers of media files. Those that open further files (HLS, DASH, concat, SDP, image
# sequences) are missing on purpose: by default ffmpeg would read a neighbour's upload through them.
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,ogg,flv,wav,w64,mp3,aac,flac,asf,mxf,"
    "aiff,caf,amr,ac3,eac3,au,dv"
)
AUDIO_DECODERS = (
    "aac,aac_fixed,aac_latm,mp3,mp3float,opus,libopus,vorbis,flac,ac3,eac3,alac,"
    "mp2,mp2float,mp1,mp1float,dca,truehd,mlp,wmav1,wmav2,wmapro,wmalossless,wmavoice,amrnb,amrwb,wavpack,tta,speex,"
    "libspeex,nellymoser,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_swf,pcm_u8,pcm_s8,pcm_s16le,"
    "pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,"
    "pcm_mulaw,pcm_alaw,pcm_bluray,pcm_dvd,s302m"
)
# Pictures and text are decoded to probe, to find cuts and to burn in; decoders of rare formats,
# where the bugs are (CVE-2026-8461 was in MagicYUV), stay shut.
_PICTURE_DECODERS = (
    "h264,hevc,av1,libdav1d,libaom-av1,vp8,vp9,libvpx,libvpx-vp9,mpeg4,mpeg2video,mpeg1video,"
    "h263,flv,msmpeg4,msmpeg4v2,wmv1,wmv2,wmv3,vc1,theora,prores,dnxhd,dvvideo,mjpeg,png"
)
_TEXT_DECODERS = (
    "subrip,srt,ass,ssa,webvtt,mov_text,text,dvdsub,dvbsub,pgssub,xsub,cc_dec,libzvbi_teletextdec"
)
# Subtitle files are ours, or were read and written anew by us; still nothing else may be in them.
SUBTITLE_DECODERS = {"srt": "subrip,srt", "webvtt": "webvtt"}
ALL_DECODERS = f"{AUDIO_DECODERS},{_PICTURE_DECODERS},{_TEXT_DECODERS}"
