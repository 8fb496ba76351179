// Plays a stream of this server close to live: Media Source Extensions fed from the parts of its HLS playlists, or the
// browser's own HLS where that is the better one (Safari). Nothing is loaded from elsewhere.
"use strict";
(() => {
  const WORDS = {
    en: {
      behind: "Behind live", size: "Picture", rate: "Rate", stalls: "Stops", edge: "Go to live", sound: "Turn sound on",
      live: "LIVE", waiting: "Waiting for the stream…", connecting: "Connecting…", ended: "The stream has ended. If it begins again, it plays here.",
      late: "The connection is too slow at the moment…", paused: "Paused",
      forbidden: "This needs the key to play. Open the address you were given, with everything after the question mark.",
      unusable: "This browser cannot play the stream ({codecs}).",
      audioMissing: "There is no sound: this browser cannot play {codec}.",
      videoMissing: "There is no picture: this browser cannot play {codec}.",
      refused: "The server says: {text}",
    },
    de: {
      behind: "Hinter live", size: "Bild", rate: "Rate", stalls: "Aussetzer", edge: "Zu live springen", sound: "Ton einschalten",
      live: "LIVE", waiting: "Wartet auf die Übertragung …", connecting: "Verbindet …", ended: "Die Übertragung ist zu Ende. Beginnt sie wieder, läuft sie hier weiter.",
      late: "Die Verbindung ist gerade zu langsam …", paused: "Angehalten",
      forbidden: "Dafür wird der Schlüssel zum Ansehen gebraucht. Öffnen Sie die Adresse, die Sie bekommen haben, mit allem nach dem Fragezeichen.",
      unusable: "Dieser Browser kann die Übertragung nicht abspielen ({codecs}).",
      audioMissing: "Es gibt keinen Ton: dieser Browser kann {codec} nicht abspielen.",
      videoMissing: "Es gibt kein Bild: dieser Browser kann {codec} nicht abspielen.",
      refused: "Der Server sagt: {text}",
    },
  };
  const language = (navigator.language || "en").startsWith("de") ? "de" : "en";
  const words = WORDS[language];
  document.documentElement.lang = language;

  const $ = (id) => document.getElementById(id);
  const video = $("video");
  const path = location.pathname.replace(/^\/watch\//, "").replace(/\/+$/, "");
  const options = new URLSearchParams(location.search);
  // `latency=normal` plays whole segments, `player=native` and `player=mse` choose who plays.
  const parts = options.get("latency") !== "normal";
  const query = new URLSearchParams();
  if (options.has("key")) query.set("key", options.get("key"));
  query.set("viewer", Math.random().toString(36).slice(2, 12));
  const master = new URL(`/hls/${path}/index.m3u8?${query}`, location.origin);

  // Media that is to be left in the buffer when the next piece arrives, in seconds; grows when it was too little.
  const HOLD = parts ? 0.35 : 0.5;
  const HOLD_MAX = 3;
  // A piece that comes after a pause of the publisher is late if it is under way for so many milliseconds.
  const LATE = 250;
  let hold = HOLD;
  let stalls = 0;
  // Milliseconds that the server's clock is ahead of ours.
  let clockAhead = 0;
  // Milliseconds of the day at the media time 0.
  let zeroAt = null;
  // The browser's own HLS keeps to the live edge itself.
  let native = false;
  let running = false;
  // What is being played, and why it stands still: "late" if a piece is under way, "waiting" if there is none to be had.
  let playing = [];
  let stall = null;

  $("name").textContent = decodeURIComponent(path);
  document.title = `${decodeURIComponent(path)} – Tally`;
  for (const id of ["behind", "size", "rate", "stalls"]) $(`${id}-label`).textContent = words[id];
  $("edge").textContent = words.edge;
  $("sound").textContent = words.sound;

  function say(state, message) {
    $("state").textContent = state;
    document.body.classList.toggle("live", state === words.live);
    $("cover").hidden = !message;
    $("message").textContent = message || "";
  }

  // What is not here of the stream, while the rest plays.
  function note(sentences) {
    $("note").textContent = sentences.join(" ");
    $("note").hidden = sentences.length === 0;
  }

  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

  class Gone extends Error {}

  // `answered` is called once the server gives it: what is waited for there has not come yet.
  async function get(url, kind, signal, answered = () => {}) {
    const asked = performance.now();
    const answer = await fetch(url, { cache: "no-store", signal });
    if (!answer.ok) {
      const error = new Gone(`${answer.status}`);
      error.status = answer.status;
      error.text = (await answer.text()).trim();
      throw error;
    }
    const time = Number(answer.headers.get("tally-time"));
    answered();
    // An answer that was waited for tells the time it was given, not when we asked.
    if (time && performance.now() - asked < 200) clockAhead = time - Date.now();
    return kind === "text" ? answer.text() : answer.arrayBuffer();
  }

  const attribute = (line, name) => {
    const found = line.match(new RegExp(`[:,]${name}=("([^"]*)"|[^,]*)`));
    return found ? (found[2] ?? found[1]) : null;
  };

  function readMaster(text, base) {
    const lines = text.split("\n");
    const info = lines.find((line) => line.startsWith("#EXT-X-STREAM-INF:")) || "";
    const sound = lines.find((line) => line.startsWith("#EXT-X-MEDIA:"));
    const uri = lines[lines.indexOf(info) + 1];
    const codecs = (attribute(info, "CODECS") || "").split(",");
    const isPicture = (codec) => /^(avc|hvc|hev|av01|vp)/.test(codec);
    const tracks = [];
    const first = codecs.some(isPicture) ? "video" : "audio";
    const codecOf = (kind) => codecs.filter((codec) => isPicture(codec) === (kind === "video")).join(",");
    tracks.push({ kind: first, url: new URL(uri, base), codec: codecOf(first) });
    if (sound) tracks.push({ kind: "audio", url: new URL(attribute(sound, "URI"), base), codec: codecOf("audio") });
    const unpackaged = lines.filter((line) => line.startsWith("# ")).map((line) => words.refused.replace("{text}", `${line.slice(2)}.`));
    return { tracks, unpackaged, size: attribute(info, "RESOLUTION"), bandwidth: Number(attribute(info, "AVERAGE-BANDWIDTH")) };
  }

  function readPlaylist(text, base) {
    const list = { segments: [], ended: false };
    let number = 0, map = null, next = { parts: [] };
    for (const line of text.split("\n")) {
      if (line.startsWith("#EXT-X-MEDIA-SEQUENCE:")) number = Number(line.split(":")[1]);
      else if (line.startsWith("#EXT-X-MAP:")) map = new URL(attribute(line, "URI"), base).href;
      else if (line.startsWith("#EXT-X-PROGRAM-DATE-TIME:")) next.at = Date.parse(line.slice(line.indexOf(":") + 1));
      else if (line.startsWith("#EXT-X-PART:")) {
        next.parts.push({
          url: new URL(attribute(line, "URI"), base), seconds: Number(attribute(line, "DURATION")),
          independent: attribute(line, "INDEPENDENT") === "YES",
        });
      } else if (line.startsWith("#EXTINF:")) next.seconds = parseFloat(line.slice(8));
      else if (line.startsWith("#EXT-X-ENDLIST")) list.ended = true;
      else if (line && !line.startsWith("#")) {
        list.segments.push({ ...next, number, map, url: new URL(line, base), whole: true });
        number += 1;
        next = { parts: [] };
      }
    }
    list.open = { ...next, number, map, whole: false };
    return list;
  }

  // One kind of media: reads its playlist and appends what comes, from a place near the end on.
  class Track {
    constructor({ kind, url, codec }, buffer, signal) {
      Object.assign(this, { kind, url, codec, buffer, signal });
      this.segment = null; // where the next piece is
      this.part = 0;
      this.map = null;
      this.loadsSince = null; // since when something is under way
    }

    // Whether playing stands still for a piece of this kind that has been under way for so long.
    isLate(milliseconds) {
      if (this.loadsSince === null || performance.now() - this.loadsSince < milliseconds) return false;
      const ranges = this.buffer.buffered;
      return !ranges.length || ranges.end(ranges.length - 1) - video.currentTime < 0.3;
    }

    async run() {
      for (;;) {
        const url = new URL(this.url);
        if (this.segment !== null) {
          url.searchParams.set("_HLS_msn", this.segment);
          if (parts) url.searchParams.set("_HLS_part", this.part);
        }
        const list = readPlaylist(await this.fetch(url, "text"), this.url);
        this.signal.throwIfAborted();
        const all = [...list.segments, list.open];
        if (this.segment === null) this.begin(all);
        // Fallen out of the window, or the server began to count anew.
        if (this.segment < all[0].number || this.segment > list.open.number + 1) throw new Gone("window");
        for (const segment of all) await this.append(segment);
        if (list.ended) throw new Gone("ended");
      }
    }

    begin(all) {
      const whole = all.filter((segment) => segment.whole);
      if (!parts) {
        this.segment = whole[whole.length - 1].number;
        return;
      }
      const listed = all.filter((segment) => segment.parts.length > 0);
      // Sound costs little: it begins early enough for any picture.
      // Pictures that are far apart are listed as segments only.
      const from = (this.kind === "audio" ? listed[0]
        : listed.findLast((segment) => segment.parts.some((part) => part.independent)) || listed[0])
        || whole[whole.length - 1];
      this.segment = from.number;
      this.part = this.kind === "audio" ? 0 : Math.max(0, from.parts.findLastIndex((part) => part.independent));
    }

    async append(segment) {
      if (segment.number < this.segment) return;
      let seconds = segment.parts.slice(0, this.part).reduce((sum, part) => sum + part.seconds, 0);
      if (segment.whole && (segment.parts.length === 0 || !parts)) {
        await this.load(segment, segment.url, 0);
      } else if (parts) {
        for (; this.part < segment.parts.length; this.part += 1) {
          const part = segment.parts[this.part];
          await this.load(segment, part.url, seconds);
          seconds += part.seconds;
        }
      }
      if (segment.whole) {
        this.segment = segment.number + 1;
        this.part = 0;
      }
    }

    async load(segment, url, seconds) {
      if (segment.map !== this.map) {
        await this.feed(await this.fetch(segment.map, "bytes"));
        this.map = segment.map;
      }
      const bytes = await this.fetch(url, "bytes");
      const ranges = this.buffer.buffered;
      const start = ranges.length ? ranges.end(ranges.length - 1) : null;
      await this.feed(bytes);
      if (this.kind === this.clock && this.buffer.buffered.length) {
        zeroAt = segment.at + seconds * 1000 - (start ?? this.buffer.buffered.start(0)) * 1000;
      }
    }

    // A playlist is held back by the server until there is a new piece; a piece is there.
    async fetch(url, kind) {
      const loads = () => { this.loadsSince = performance.now(); };
      if (kind === "bytes") loads();
      try {
        return await get(url, kind, this.signal, loads);
      } finally {
        this.loadsSince = null;
      }
    }

    async feed(bytes) {
      const buffer = this.buffer;
      const done = () => new Promise((resolve, reject) => {
        buffer.addEventListener("updateend", resolve, { once: true });
        buffer.addEventListener("error", () => reject(new Error(`${this.kind}: cannot be decoded`)), { once: true });
      });
      this.signal.throwIfAborted();
      const old = video.currentTime - 10;
      if (buffer.buffered.length && old - buffer.buffered.start(0) > 10) {
        buffer.remove(0, old);
        await done();
      }
      buffer.appendBuffer(bytes);
      await done();
    }
  }

  async function playParts() {
    const { tracks, unpackaged, size, bandwidth } = readMaster(await get(master, "text"), master);
    const Source = window.ManagedMediaSource || window.MediaSource;
    const usable = tracks.filter(({ kind, codec }) => Source.isTypeSupported(`${kind}/mp4; codecs="${codec}"`));
    const missing = tracks.filter((track) => !usable.includes(track));
    note([...missing.map(({ kind, codec }) => words[`${kind}Missing`].replace("{codec}", codec)), ...unpackaged]);
    if (!usable.some(({ kind }) => kind === tracks[0].kind)) {
      throw Object.assign(new Error("codecs"), { codecs: tracks.map(({ codec }) => codec).join(", ") });
    }
    $("size").textContent = (size || "–").replace("x", "×");
    $("rate").textContent = bandwidth ? `${(bandwidth / 1e6).toFixed(1)} Mb/s` : "–";
    const source = new Source();
    const stop = new AbortController();
    zeroAt = null;
    video.disableRemotePlayback = true;
    const url = URL.createObjectURL(source);
    video.src = url;
    try {
      await new Promise((resolve) => source.addEventListener("sourceopen", resolve, { once: true }));
      playing = usable.map((track) => {
        const buffer = source.addSourceBuffer(`${track.kind}/mp4; codecs="${track.codec}"`);
        const runner = new Track(track, buffer, stop.signal);
        runner.clock = usable[0].kind;
        return runner;
      });
      const running = playing.map((track) => track.run());
      begin(usable.some(({ kind }) => kind === "audio"));
      await Promise.race([...running, failed(stop.signal)]);
    } finally {
      running = false;
      playing = [];
      stall = null;
      note([]);
      stop.abort();
      URL.revokeObjectURL(url);
    }
  }

  const failed = (signal) => new Promise((_, reject) => {
    video.addEventListener("error", () => reject(video.error || new Error("video")), { once: true, signal });
  });

  function begin(hasSound) {
    running = true;
    video.muted = false;
    video.play().catch((error) => {
      // A load that was overtaken says nothing about sound.
      if (error.name !== "NotAllowedError") return;
      video.muted = true;
      $("sound").hidden = !hasSound;
      video.play().catch(() => {});
    });
  }

  function lastRange() {
    const ranges = video.buffered;
    return ranges.length ? [ranges.start(ranges.length - 1), ranges.end(ranges.length - 1)] : null;
  }

  // Keeps to the live edge: a little faster when behind, a jump when far behind, across what is missing.
  function keepToEdge(jump) {
    const range = lastRange();
    if (!range || (video.paused && !jump)) return;
    const [start, end] = range;
    const left = end - video.currentTime;
    // A viewer who went back to see something again is left there until there is nothing more to see.
    if (jump || video.currentTime < start || left > hold + (parts ? 3 : 6)) {
      video.currentTime = Math.max(start, end - hold - (parts ? 0.2 : 0));
    }
    video.playbackRate = left > hold + (parts ? 0.6 : 2.5) ? 1.08 : 1;
  }

  function tick() {
    if (!running) return;
    if (!native) keepToEdge(false);
    const started = native && video.getStartDate ? video.getStartDate().getTime() : NaN;
    const zero = zeroAt ?? (Number.isNaN(started) ? null : started);
    if (video.readyState >= 3) stall = null;
    else if (stall === "waiting") look(LATE);
    // While nothing comes from the publisher, nobody falls behind.
    if (stall === "waiting") $("behind").textContent = "–";
    else if (zero !== null && video.currentTime > 0 && video.readyState >= 2) {
      const behind = (Date.now() + clockAhead - zero) / 1000 - video.currentTime;
      $("behind").textContent = `${behind.toFixed(1)} s`;
    }
    if (video.videoWidth) $("size").textContent = `${video.videoWidth}×${video.videoHeight}`;
    if (video.paused && video.readyState >= 2) say(words.paused, "");
    else if (video.readyState >= 3) say(words.live, "");
  }
  setInterval(tick, 250);

  // Says why it stands still. The viewer's connection is to blame where a piece is under way, and more is held then; where the
  // server has none, the publisher is waited for.
  function look(milliseconds) {
    if (playing.some((track) => track.isLate(milliseconds))) {
      stall = "late";
      hold = Math.min(hold + 0.2, HOLD_MAX);
      say(words.late, "");
    } else if (stall !== "waiting") {
      stall = "waiting";
      say(words.waiting, "");
    }
  }

  video.addEventListener("waiting", () => {
    if (!lastRange() || video.currentTime === 0) return;
    stalls += 1;
    $("stalls").textContent = String(stalls);
    stall = null;
    look(0);
  });
  $("edge").addEventListener("click", () => {
    if (!native) keepToEdge(true);
    else if (video.seekable.length) video.currentTime = video.seekable.end(video.seekable.length - 1);
    video.play().catch(() => {});
  });
  $("sound").addEventListener("click", () => { video.muted = false; $("sound").hidden = true; });
  video.addEventListener("volumechange", () => { if (!video.muted) $("sound").hidden = true; });

  async function playNative() {
    note(readMaster(await get(master, "text"), master).unpackaged);
    video.src = master.href;
    begin(true);
    try {
      await failed(new AbortController().signal);
    } finally {
      running = false;
    }
  }

  async function main() {
    const canMse = Boolean(window.ManagedMediaSource || window.MediaSource);
    // Only Apple's own HLS plays parts; that of others is farther behind than what is done here.
    const apple = /Apple/.test(navigator.vendor || "");
    const hls = video.canPlayType("application/vnd.apple.mpegurl") !== "";
    const wish = options.get("player");
    native = hls && (wish === "native" || (wish !== "mse" && (apple || !canMse)));
    say(words.connecting, words.connecting);
    for (;;) {
      try {
        await (native ? playNative() : playParts());
      } catch (error) {
        if (error.status === 404) say(words.waiting, words.waiting);
        else if (error.status === 403) say("", words.forbidden);
        else if (error.status) say("", words.refused.replace("{text}", error.text));
        else if (error.codecs) say("", words.unusable.replace("{codecs}", error.codecs));
        else if (error.message === "ended") say(words.ended, words.ended);
        else if (!(error instanceof Gone)) {
          console.warn(error.message || error);
          say(words.waiting, words.waiting);
        }
        $("behind").textContent = "–";
        await sleep(1000);
      }
    }
  }

  main();
})();
