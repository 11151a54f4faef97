/* Owns films and sections: pixels on canvases, the colour bar, and the value under the pointer. */
function startSections(first, block, data) {
  const byId = (id) => document.getElementById(id);
  const planes = ["coronal", "sagittal", "axial"];
  let shown = "tissue";
  let wanted = "tissue";
  let levels = {};
  let frame = 0;

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

  const drawFilm = (view) => {
    const film = first["film_" + view];
    const [, height, width] = film.shape;
    const grey = frameOf(film, frame);
    paint(byId("film-" + view), width, height, (k, out, at) => set(out, at, grey[k], grey[k], grey[k]));
  };

  const rampOf = (scale) => first[scale.isSigned ? "about_zero" : "upward"].values;

  const drawSection = (plane) => {
    const canvas = byId("section-" + plane);
    if (shown === "tissue") {
      const picture = first["tissue_" + plane];
      const [, height, width] = picture.shape;
      const rgb = frameOf(picture, frame);
      paint(canvas, width, height, (k, out, at) =>
        set(out, at, rgb[3 * k], rgb[3 * k + 1], rgb[3 * k + 2]));
      return;
    }
    const field = levels[shown + "_" + plane];
    const [, height, width] = field.shape;
    const values = frameOf(field, frame);
    const under = first["under_" + plane].values;
    const ramp = rampOf(data.scales[shown]);
    paint(canvas, width, height, (k, out, at) => {
      const open = under[2 * k + 1] / 255;
      const grey = under[2 * k] * (1 - open);
      const c = 3 * values[k];
      set(out, at, grey + open * ramp[c], grey + open * ramp[c + 1], grey + open * ramp[c + 2]);
    });
  };

  /* Put words beside marks, in as few rows as keep them apart. */
  const layOut = (place, marks) => {
    const wide = place.clientWidth;
    const ends = [];
    place.replaceChildren();
    for (const [at, words] of marks) {
      const label = document.createElement("span");
      label.textContent = words;
      place.append(label);
      const left = Math.min(Math.max(at * wide - label.offsetWidth / 2, 0), wide - label.offsetWidth);
      let row = ends.findIndex((end) => left > end + 8);
      if (row < 0) row = ends.push(0) - 1;
      ends[row] = left + label.offsetWidth;
      label.style.left = left + "px";
      label.style.bottom = 17 * row + 3 + "px";
      const line = document.createElement("i");
      line.style.left = at * wide - 1 + "px";
      line.style.height = 17 * row + 17 + "px";
      place.append(line);
    }
    place.style.height = 17 * ends.length + (marks.length ? 3 : 0) + "px";
  };

  /* Take away words that would touch others; the two ends stay. */
  const thin = (ticks) => {
    const last = ticks.pop();
    let end = -Infinity;
    for (const tick of ticks) {
      const box = tick.getBoundingClientRect();
      if (box.left < end + 4 || box.right + 4 > last.getBoundingClientRect().left) tick.remove();
      else end = box.right;
    }
  };

  const drawColourBar = () => {
    const scale = data.scales[shown];
    byId("colourbar").hidden = !scale;
    byId("tissue-legend").hidden = Boolean(scale);
    byId("pointed").textContent = "";
    if (!scale) return;
    byId("colourbar-title").textContent = scale.title;
    const ramp = rampOf(scale);
    const image = new ImageData(256, 1);
    for (let k = 0; k < 256; k += 1) set(image.data, 4 * k, ramp[3 * k], ramp[3 * k + 1], ramp[3 * k + 2]);
    byId("colourbar-canvas").getContext("2d").putImageData(image, 0, 0);
    const ticks = scale.ticks.map(([place, words]) => {
      const tick = document.createElement("span");
      tick.style.left = 100 * place + "%";
      tick.textContent = words;
      return tick;
    });
    byId("colourbar-ticks").replaceChildren(...ticks);
    thin(ticks);
    layOut(byId("colourbar-marks"), scale.marks);
  };

  /* What the field is where the reader points, to the resolution of the scale. */
  const valueAt = (scale, level) => {
    const share = level / 254;
    const side = 2 * share - 1;
    const bent = scale.core * Math.expm1(Math.abs(side) * Math.log1p(scale.high / scale.core));
    const value = scale.core
      ? Math.sign(side) * bent
      : scale.isLog
      ? scale.low * (scale.high / scale.low) ** share
      : scale.low + share * (scale.high - scale.low);
    const sign = level === 254 ? "≥ " : level === 0 && scale.low !== 0 ? "≤ " : "";
    return `${sign}${Number(value.toPrecision(2)).toLocaleString("en")} ${scale.unit}`;
  };
  const point = (plane, event) => {
    const scale = data.scales[shown];
    if (!scale) return;
    const box = event.target.getBoundingClientRect();
    const [, height, width] = levels[shown + "_" + plane].shape;
    const column = Math.min(Math.floor(width * (event.clientX - box.left) / box.width), width - 1);
    const row = Math.min(Math.floor(height * (event.clientY - box.top) / box.height), height - 1);
    const k = Math.max(row, 0) * width + Math.max(column, 0);
    const heals = first["under_" + plane].values[2 * k + 1] > 25;
    byId("pointed").textContent = heals
      ? valueAt(scale, frameOf(levels[shown + "_" + plane], frame)[k])
      : "nothing heals here";
  };
  for (const plane of planes) {
    const canvas = byId("section-" + plane);
    for (const name of ["pointermove", "pointerdown"]) {
      canvas.addEventListener(name, (event) => point(plane, event));
    }
    canvas.addEventListener("pointerleave", () => { byId("pointed").textContent = ""; });
  }

  const choose = async (key) => {
    wanted = key;
    byId("field").value = key;
    for (const button of document.querySelectorAll("[data-show]")) {
      button.setAttribute("aria-pressed", String(button.dataset.show === key));
    }
    const found = key === "tissue" ? {} : await block(key);
    if (wanted !== key) return;
    levels = found;
    shown = key;
    drawColourBar();
    planes.forEach(drawSection);
    document.documentElement.dataset.shown = key;
  };
  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => choose(button.dataset.show));
  }
  byId("field").addEventListener("change", (event) => choose(event.target.value));
  byId("field").disabled = false;
  addEventListener("resize", drawColourBar);

  return {
    show(to) {
      frame = to;
      ["ap", "lateral"].forEach(drawFilm);
      planes.forEach(drawSection);
    },
  };
}
