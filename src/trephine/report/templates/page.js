"use strict";
/* Unpacks the pictures, and lets the reader choose the week and what the sections show. */
(async () => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const byId = (id) => document.getElementById(id);

  const unpack = async () => {
    const text = atob(byId("page-pack").textContent);
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const all = new Uint8Array(await new Response(stream).arrayBuffer());
    const arrays = {};
    for (const [name, place] of Object.entries(data.contents)) {
      const size = place.shape.reduce((a, b) => a * b, 1);
      const values = all.subarray(place.start, place.start + size);
      if (place.overTime) {
        const each = size / place.shape[0];
        for (let k = each; k < size; k += 1) values[k] = values[k] + values[k - each];
      }
      arrays[name] = { shape: place.shape, values };
    }
    return arrays;
  };

  const frameOf = (array, frame) => {
    const each = array.values.length / array.shape[0];
    return array.values.subarray(frame * each, (frame + 1) * each);
  };

  /* Draw pixels, one byte times four each, magnified smoothly. */
  const paint = (canvas, width, height, colour) => {
    const times = Math.max(1, Math.ceil(420 / Math.min(width, height)));
    if (canvas.width !== width * times) {
      canvas.width = width * times;
      canvas.height = height * times;
    }
    const small = new OffscreenCanvas(width, height);
    const image = new ImageData(width, height);
    for (let k = 0; k < width * height; k += 1) colour(k, image.data, 4 * k);
    small.getContext("2d").putImageData(image, 0, 0);
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.globalCompositeOperation = "copy";
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
  };

  const set = (out, at, red, green, blue) => {
    out[at] = red; out[at + 1] = green; out[at + 2] = blue; out[at + 3] = 255;
  };

  let arrays = null;
  let solid = null;
  let frame = data.weeks.length - 1;
  let shown = "tissue";

  const drawFilm = (view) => {
    const film = arrays["film_" + view];
    const [, height, width] = film.shape;
    const grey = frameOf(film, frame);
    paint(byId("film-" + view), width, height, (k, out, at) => set(out, at, grey[k], grey[k], grey[k]));
  };

  const drawSection = (plane) => {
    const canvas = byId("section-" + plane);
    if (shown === "tissue") {
      const picture = arrays["tissue_" + plane];
      const [, height, width] = picture.shape;
      const rgb = frameOf(picture, frame);
      paint(canvas, width, height, (k, out, at) =>
        set(out, at, rgb[3 * k], rgb[3 * k + 1], rgb[3 * k + 2]));
      return;
    }
    const field = arrays[shown + "_" + plane];
    const [, height, width] = field.shape;
    const levels = frameOf(field, frame);
    const under = arrays["under_" + plane].values;
    const map = arrays.colours.values;
    paint(canvas, width, height, (k, out, at) => {
      const open = under[2 * k + 1] / 255;
      const grey = under[2 * k] * (1 - open);
      const c = 3 * levels[k];
      set(out, at, grey + open * map[c], grey + open * map[c + 1], grey + open * map[c + 2]);
    });
  };

  const drawColourBar = () => {
    const scale = data.scales[shown];
    byId("colourbar").hidden = !scale;
    byId("tissue-legend").hidden = Boolean(scale);
    if (!scale) return;
    byId("colourbar-title").textContent = scale.title;
    const map = arrays.colours.values;
    const image = new ImageData(256, 1);
    for (let k = 0; k < 256; k += 1) set(image.data, 4 * k, map[3 * k], map[3 * k + 1], map[3 * k + 2]);
    byId("colourbar-canvas").getContext("2d").putImageData(image, 0, 0);
    byId("colourbar-ticks").replaceChildren(...scale.ticks.map(([place, words]) => {
      const tick = document.createElement("span");
      tick.style.left = 100 * place + "%";
      tick.textContent = words;
      return tick;
    }));
  };

  const drawPictures = () => {
    if (!arrays) return;
    ["ap", "lateral"].forEach(drawFilm);
    ["coronal", "sagittal", "axial"].forEach(drawSection);
    if (solid) solid.show(frameOf(arrays.volume_tissue, frame));
  };

  const readings = [...document.querySelectorAll("[data-readings]")]
    .map((place) => ({ place, texts: JSON.parse(place.dataset.readings) }));
  const cursors = [...document.querySelectorAll(".cursor")];

  const tell = () => {
    const week = data.weeks[frame];
    const visit = data.visits[frame];
    byId("week").value = frame;
    byId("week").setAttribute("aria-valuetext", "week " + visit.week);
    byId("week-now").textContent = visit.week;
    byId("readout").innerHTML =
      `mRUST <b>${visit.mrust}</b> · bridged <b>${visit.bridged}</b> · new bone <b>${visit.callus}</b>`;
    for (const { place, texts } of readings) place.textContent = texts[frame];
    for (const line of cursors) {
      const { start, end, low, high } = line.dataset;
      const x = Number(start) + (end - start) * (week - low) / (high - low);
      line.setAttribute("x1", x);
      line.setAttribute("x2", x);
    }
    for (const place of document.querySelectorAll("[data-number]")) {
      place.textContent = visit[place.dataset.number];
    }
    for (const pips of document.querySelectorAll("[data-cortex]")) {
      const score = visit.scores[pips.dataset.cortex];
      [...pips.children].forEach((pip, k) => pip.classList.toggle("on", k < score));
      pips.parentElement.querySelector(".score").textContent = score;
    }
  };

  const go = (to) => {
    frame = Math.min(Math.max(to, 0), data.weeks.length - 1);
    tell();
    drawPictures();
  };

  /* The week: slider, play button, arrow keys. */
  let timer = null;
  const stop = () => {
    clearInterval(timer);
    timer = null;
    byId("play").setAttribute("aria-pressed", "false");
    byId("play").firstElementChild.textContent = "▶";
  };
  const play = () => {
    if (frame === data.weeks.length - 1) go(0);
    byId("play").setAttribute("aria-pressed", "true");
    byId("play").firstElementChild.textContent = "❚❚";
    timer = setInterval(() => {
      go(frame + 1);
      if (frame === data.weeks.length - 1) stop();
    }, 350);
  };
  byId("play").addEventListener("click", () => (timer ? stop() : play()));
  byId("week").addEventListener("input", (event) => { stop(); go(Number(event.target.value)); });
  document.addEventListener("keydown", (event) => {
    const busy = event.target.closest("input, canvas, a, summary") || event.altKey || event.ctrlKey || event.metaKey;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (busy || !step) return;
    event.preventDefault();
    stop();
    go(frame + step);
  });

  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => {
      shown = button.dataset.show;
      for (const other of document.querySelectorAll("[data-show]")) {
        other.setAttribute("aria-pressed", String(other === button));
      }
      drawColourBar();
      ["coronal", "sagittal", "axial"].forEach(drawSection);
    });
  }

  byId("filter").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    let count = 0;
    for (const row of document.querySelectorAll(".parameters tbody tr")) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      count += row.hidden ? 0 : 1;
    }
    for (const table of document.querySelectorAll(".parameters")) {
      const empty = !table.querySelector("tbody tr:not([hidden])");
      table.parentElement.hidden = empty;
      table.parentElement.previousElementSibling.hidden = empty;
    }
    byId("filter-count").textContent = wanted ? `${count} rows` : "";
  });

  tell();
  byId("week").disabled = false;
  try {
    arrays = await unpack();
    solid = startSolid(byId("solid-canvas"), arrays, data);
    if (solid) document.documentElement.dataset.solid = "yes";
    drawPictures();
    document.documentElement.dataset.ready = "yes";
  } catch (error) {
    document.documentElement.dataset.ready = "failed";
    byId("pictures-fallback").append(` (${error.message})`);
  }
})();
