"use strict";
/* Owns the packed pictures: a block is decoded when it is first asked for, and then kept. */
function openPack(contents) {
  const kept = {};

  const decode = async (name) => {
    const text = atob(document.querySelector(`[data-block="${CSS.escape(name)}"]`).textContent);
    const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const all = new Uint8Array(await new Response(stream).arrayBuffer());
    const arrays = {};
    for (const [key, place] of Object.entries(contents)) {
      if (place.block !== name) continue;
      const size = place.shape.reduce((a, b) => a * b, 1);
      const values = all.subarray(place.start, place.start + size);
      if (place.overTime) {
        const each = size / place.shape[0];
        for (let k = each; k < size; k += 1) values[k] = values[k] + values[k - each];
      }
      arrays[key] = { shape: place.shape, values };
    }
    return arrays;
  };

  return (name) => {
    kept[name] = kept[name] || decode(name);
    return kept[name];
  };
}

function frameOf(array, frame) {
  const each = array.values.length / array.shape[0];
  return array.values.subarray(frame * each, (frame + 1) * each);
}
