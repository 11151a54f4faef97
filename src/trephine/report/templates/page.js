/* Owns the week: slider, play button and keys move every picture, number and graph. */
(async () => {
  const data = JSON.parse(document.getElementById("page-data").textContent);
  const byId = (id) => document.getElementById(id);

  let frame = data.weeks.length - 1;
  let sections = null;
  let solid = null;
  let tissue = null;

  const drawPictures = () => {
    if (sections) sections.show(frame);
    if (solid) solid.show(frameOf(tissue, frame));
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

  const other = byId("other-fate");
  if (other) {
    const tell = () => {
      for (const graph of document.querySelectorAll("[data-fate]")) {
        graph.hidden = graph.dataset.fate !== other.value;
      }
    };
    other.addEventListener("change", tell);
    tell();
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

  /* The solid view waits until the reader comes near it. */
  const block = openPack(data.contents);
  const startSolidView = async () => {
    const arrays = await block("solid");
    tissue = arrays.volume_tissue;
    solid = startSolid(byId("solid-canvas"), arrays, data);
    if (!solid) return;
    document.documentElement.dataset.solid = "yes";
    solid.show(frameOf(tissue, frame));
  };
  const fail = (error) => {
    document.documentElement.dataset.ready = "failed";
    byId("pictures-fallback").append(` (${error.message})`);
  };

  tell();
  byId("week").disabled = false;
  try {
    sections = startSections(await block("first"), block, data);
    drawPictures();
    document.documentElement.dataset.ready = "yes";
    const near = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      startSolidView().catch(fail);
    }, { rootMargin: "600px" });
    near.observe(byId("solid-canvas"));
    addEventListener("beforeprint", () => { if (!solid) startSolidView().catch(fail); });
  } catch (error) {
    fail(error);
  }
})();
