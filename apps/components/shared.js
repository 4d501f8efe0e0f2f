// What the components share: bytes, and one colour map that reads on a light and on a dark page.

const ZERO = 128; // as inspection.tiles has it

// Colours of -1, -1/2, 0, 1/2 and 1: warm below zero, cool above, and at zero the page's own surface.
const STOPS = {
  light: ["#8a3a00", "#f0a04b", "#f1f0f8", "#7d6ff0", "#26187f"],
  dark: ["#ffe0bd", "#d9741a", "#1b192a", "#6f60ee", "#e6e2ff"],
};

function bytes(base64) {
  const text = atob(base64);
  const found = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) found[i] = text.charCodeAt(i);
  return found;
}

function channels(hex) {
  return [1, 3, 5].map((start) => parseInt(hex.slice(start, start + 2), 16));
}

const probe = document.createElement("canvas").getContext("2d");

function isDark(element) {
  probe.fillStyle = getComputedStyle(element).getPropertyValue("--st-background-color").trim() || "#ffffff";
  const [red, green, blue] = channels(probe.fillStyle); // a canvas gives any colour back as #rrggbb
  return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
}

/** A table of 256 colours, as 0xAABBGGRR, from -1 at 1 over 0 at ZERO to 1 at 255. */
function palette(dark) {
  const stops = STOPS[dark ? "dark" : "light"].map(channels);
  return Uint32Array.from({ length: 256 }, (_, level) => {
    const place = Math.max(0, Math.min(4, ((level - ZERO) / (255 - ZERO) + 1) * 2));
    const first = Math.min(3, Math.floor(place));
    const mix = stops[first].map((value, i) => value + (place - first) * (stops[first + 1][i] - value));
    const [red, green, blue] = mix.map(Math.round);
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}

/** Bytes as colours of a palette. */
function coloured(pixels, colours) {
  const found = new Uint32Array(pixels.length);
  for (let i = 0; i < pixels.length; i++) found[i] = colours[pixels[i]];
  return found;
}

/** A canvas as large as the pixels, to be drawn from. */
function picture(width, height, colours) {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width, height];
  const image = new ImageData(new Uint8ClampedArray(colours.buffer), width, height);
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

/** Grey or RGB bytes as colours. */
function natural(pixels, depth) {
  const colours = new Uint32Array(pixels.length / depth);
  for (let i = 0; i < colours.length; i++) {
    const [red, green, blue] = depth === 3 ? pixels.subarray(3 * i, 3 * i + 3) : Array(3).fill(pixels[depth * i]);
    colours[i] = ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  }
  return colours;
}

/** Set a canvas' size in CSS pixels, sharp on any screen, and return what draws in these. */
function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.imageSmoothingEnabled = false;
  return context;
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function percent(share) {
  return share >= 0.9995 ? "100 %" : `${(100 * share).toFixed(1)} %`;
}

/** Call `repaint` when the root's width changes; returns what ends that. A change of theme draws anew anyway. */
function onResize(root, repaint) {
  let width = root.clientWidth;
  const observer = new ResizeObserver(() => {
    if (root.clientWidth === width) return;
    width = root.clientWidth;
    repaint();
  });
  observer.observe(root);
  return () => observer.disconnect();
}

/** A number as a factor of a product: a negative one stands in brackets. */
function factor(text) {
  return /^[-−]/.test(text) ? `(${text})` : text;
}
