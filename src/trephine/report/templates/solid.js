/* The solid view: one ray a pixel through two small volumes, stopped at the surface of bone or
   implant; cartilage and the open gap are haze on the way. */

const SOLID_VERTEX = `#version 300 es
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  gl_Position = vec4(2.0 * corner - 1.0, 0.0, 1.0);
}`;

const SOLID_FRAGMENT = `#version 300 es
precision highp float;
precision highp sampler3D;
uniform sampler3D site;    /* bone, implant, gap */
uniform sampler3D tissue;  /* mineralised woven bone, the rest of it, cartilage, lamellar bone */
uniform vec3 size;         /* edges of the volume, mm */
uniform float voxel;       /* mm */
uniform vec3 right, up, ahead;
uniform vec2 window;       /* pixels */
uniform float span;        /* mm from top to bottom of the picture */
uniform float front;       /* mm: nothing is shown in front of this y */
uniform float iso;
uniform vec3 boneColour, metalColour, newColour, lamellarColour;
uniform vec3 osteoidColour, cartilageColour, gapColour;
out vec4 colour;

vec3 at(vec3 p) { return p / size + 0.5; }

/* Above zero inside bone or implant. */
float inside(vec3 p) {
  vec3 still = texture(site, at(p)).rgb;
  vec4 grown = texture(tissue, at(p));
  return max(still.r + grown.r + grown.a - iso, still.g - 0.5);
}

vec3 slope(vec3 p, float reach) {
  vec2 e = vec2(reach * voxel, 0.0);
  return vec3(inside(p + e.xyy) - inside(p - e.xyy),
              inside(p + e.yxy) - inside(p - e.yxy),
              inside(p + e.yyx) - inside(p - e.yyx)) / reach;
}

/* Two widths together, so that the steps of the voxels do not show as facets. */
vec3 uphill(vec3 p) { return slope(p, 0.7) + 2.0 * slope(p, 1.5); }

/* How much of the surroundings the surface sees. */
float openness(vec3 p, vec3 normal) {
  float open = 1.0;
  for (int k = 1; k <= 3; k += 1) {
    open -= 0.15 * clamp(inside(p + normal * float(k) * 1.6 * voxel) + 0.5, 0.0, 1.0);
  }
  return open;
}

vec3 material(vec3 p) {
  vec3 still = texture(site, at(p)).rgb;
  vec4 grown = texture(tissue, at(p));
  float fresh = grown.r + grown.a;
  vec3 young = mix(newColour, lamellarColour, grown.a / max(fresh, 0.01));
  vec3 bone = mix(boneColour, young, smoothstep(0.25, 0.6, fresh / max(still.r + fresh, 0.01)));
  return mix(bone, metalColour, smoothstep(0.4, 0.6, still.g));
}

vec3 lit(vec3 p, vec3 normal, float open, float shine) {
  vec3 key = normalize(-0.9 * ahead + 0.6 * up - 0.45 * right);
  vec3 fill = normalize(-0.5 * ahead + 0.9 * right);
  float light = 0.34 + 0.68 * max(dot(normal, key), 0.0) + 0.20 * max(dot(normal, fill), 0.0);
  float gleam = shine * pow(max(dot(reflect(ahead, normal), key), 0.0), 24.0);
  return material(p) * light * open + gleam;
}

void main() {
  vec2 place = (gl_FragCoord.xy - 0.5 * window) / window.y * span;
  vec3 start = place.x * right + place.y * up - ahead * length(size);
  vec3 low = -0.5 * size, high = 0.5 * size;
  low.y = max(low.y, front);
  vec3 way = 1.0 / (ahead + vec3(1e-7));
  vec3 a = (low - start) * way, b = (high - start) * way;
  vec3 entry = min(a, b), leave = max(a, b);
  float near = max(max(entry.x, entry.y), entry.z);
  float far = min(min(leave.x, leave.y), leave.z);
  vec3 ground = mix(vec3(0.060, 0.070, 0.080), vec3(0.125, 0.140, 0.155), gl_FragCoord.y / window.y);
  vec3 sum = vec3(0.0);
  float clear = 1.0;
  if (near < far) {
    float stride = 0.55 * voxel;
    float t = near + 1e-3 * voxel;
    bool met = inside(start + t * ahead) > 0.0;
    vec3 face = -sign(ahead) * step(vec3(near - 1e-4), entry);
    if (met) {
      sum = lit(start + t * ahead, normalize(face), 1.0, 0.0);
      clear = 0.0;
    }
    for (int k = 0; k < 400 && clear > 0.02 && t < far; k += 1) {
      float next = min(t + stride, far);
      vec3 p = start + next * ahead;
      if (inside(p) > 0.0) {
        float outer = t, inner = next;
        for (int j = 0; j < 6; j += 1) {
          float middle = 0.5 * (outer + inner);
          if (inside(start + middle * ahead) > 0.0) inner = middle; else outer = middle;
        }
        vec3 hit = start + inner * ahead;
        float metal = texture(site, at(hit)).g;
        vec3 normal = normalize(-uphill(hit) + vec3(1e-6));
        sum += clear * lit(hit, normal, openness(hit, normal), 0.08 + 0.4 * step(0.5, metal));
        clear = 0.0;
        break;
      }
      vec4 grown = texture(tissue, at(p));
      float gap = texture(site, at(p)).b * max(1.0 - dot(grown, vec4(1.0)), 0.0);
      vec3 thick = vec3(0.10, 0.16, 0.035) * vec3(grown.g, grown.b, gap);
      float haze = thick.x + thick.y + thick.z;
      if (haze > 1e-4) {
        float veil = 1.0 - exp(-haze * stride);
        vec3 tint = (thick.x * osteoidColour + thick.y * cartilageColour + thick.z * gapColour) / haze;
        sum += clear * veil * tint;
        clear *= 1.0 - veil;
      }
      t = next;
    }
  }
  colour = vec4(sum + clear * ground, 1.0);
}`;

function startSolid(canvas, arrays, data) {
  const gl = canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true });
  if (!gl) return null;

  const program = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, SOLID_VERTEX], [gl.FRAGMENT_SHADER, SOLID_FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(shader));
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program));
  gl.useProgram(program);
  const uniform = (name) => gl.getUniformLocation(program, name);

  const [nz, ny, nx] = arrays.volume_site.shape;
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  const texture = (unit) => {
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_3D, gl.createTexture());
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R]) {
      gl.texParameteri(gl.TEXTURE_3D, side, gl.CLAMP_TO_EDGE);
    }
    gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_3D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
  };
  texture(0);
  gl.texImage3D(gl.TEXTURE_3D, 0, gl.RGB8, nx, ny, nz, 0, gl.RGB, gl.UNSIGNED_BYTE, arrays.volume_site.values);
  texture(1);
  gl.uniform1i(uniform("site"), 0);
  gl.uniform1i(uniform("tissue"), 1);
  const size = data.volume.millimetres;
  gl.uniform3fv(uniform("size"), size);
  gl.uniform1f(uniform("voxel"), data.volume.voxel[0]);
  const level = document.getElementById("level");
  level.addEventListener("input", () => {
    document.getElementById("level-now").textContent = level.value;
    later();
  });
  for (const [name, rgb] of Object.entries(data.volume.colours)) gl.uniform3fv(uniform(name + "Colour"), rgb);

  const views = { front: [0, 0], side: [Math.PI / 2, 0], oblique: [-0.6, 0.35] };
  let [turn, tilt] = views.oblique;
  let zoom = 1;
  let isCut = false;
  let isDrawn = true;
  let isSeen = false;
  const named = gl.getExtension("WEBGL_debug_renderer_info");
  const renderer = named ? gl.getParameter(named.UNMASKED_RENDERER_WEBGL) : "";
  const pace = /swiftshader|llvmpipe|software/i.test(renderer) ? 0.5 : 1;

  const drawAxes = (right, up) => {
    const letters = [["L", [1, 0, 0]], ["P", [0, 1, 0]], ["H", [0, 0, 1]]];
    const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
    document.getElementById("solid-axes").innerHTML = letters.map(([letter, way]) => {
      const x = 30 * dot(way, right);
      const y = -30 * dot(way, up);
      const hint = Math.hypot(x, y) < 8 ? "" : letter;
      return `<line x1="0" y1="0" x2="${x}" y2="${y}" stroke="#dfe4e6" stroke-width="1.6"/>` +
        `<text x="${1.33 * x}" y="${1.33 * y + 4}" text-anchor="middle" font-size="12" fill="#dfe4e6">${hint}</text>`;
    }).join("");
  };

  const draw = (times) => {
    isDrawn = true;
    const dense = pace * times * Math.min(window.devicePixelRatio || 1, 2);
    const width = Math.round(canvas.clientWidth * dense);
    const height = Math.round(canvas.clientHeight * dense);
    if (!width || !height) return;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    const [c, s, d, q] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
    const right = [c, s, 0];
    const ahead = [-s * d, c * d, -q];
    const up = [-s * q, c * q, d];
    gl.viewport(0, 0, width, height);
    gl.uniform2f(uniform("window"), width, height);
    gl.uniform3fv(uniform("right"), right);
    gl.uniform3fv(uniform("up"), up);
    gl.uniform3fv(uniform("ahead"), ahead);
    gl.uniform1f(uniform("span"), 1.22 * Math.max(...size) / zoom);
    gl.uniform1f(uniform("iso"), level.value / 100);
    gl.uniform1f(uniform("front"), isCut ? 0 : -1e6);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    drawAxes(right, up);
  };
  /* Nothing while out of sight, coarse while it moves, finer once it rests. */
  let rest = null;
  const finest = () => {
    draw(2);
    canvas.dataset.rest = "yes";
  };
  const later = () => {
    canvas.dataset.rest = "no";
    clearTimeout(rest);
    if (!isSeen) return;
    rest = setTimeout(finest, 250);
    if (!isDrawn) return;
    isDrawn = false;
    requestAnimationFrame(() => draw(1));
  };
  new IntersectionObserver((entries) => {
    isSeen = entries.some((entry) => entry.isIntersecting);
    if (isSeen && canvas.dataset.rest !== "yes") later();
  }).observe(canvas);
  addEventListener("beforeprint", finest);
  const turnBy = (x, y) => {
    turn -= x;
    tilt = Math.min(Math.max(tilt + y, -1.5), 1.5);
    later();
  };
  const zoomBy = (times) => {
    zoom = Math.min(Math.max(zoom * times, 0.6), 4);
    later();
  };

  let held = null;
  canvas.addEventListener("pointerdown", (event) => {
    held = [event.clientX, event.clientY];
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) return;
    turnBy((event.clientX - held[0]) * 0.01, (event.clientY - held[1]) * 0.01);
    held = [event.clientX, event.clientY];
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { held = null; });
  canvas.addEventListener("keydown", (event) => {
    const turns = { ArrowLeft: [-0.12, 0], ArrowRight: [0.12, 0], ArrowUp: [0, -0.12], ArrowDown: [0, 0.12] };
    const zooms = { "+": 1.15, "=": 1.15, "-": 1 / 1.15 };
    if (turns[event.key]) turnBy(...turns[event.key]);
    else if (zooms[event.key]) zoomBy(zooms[event.key]);
    else return;
    event.preventDefault();
  });
  for (const button of document.querySelectorAll("[data-view]")) {
    button.addEventListener("click", () => {
      [turn, tilt] = views[button.dataset.view];
      zoom = 1;
      later();
    });
  }
  document.getElementById("cut").addEventListener("change", (event) => {
    isCut = event.target.checked;
    later();
  });
  new ResizeObserver(later).observe(canvas);

  return {
    show(values) {
      gl.activeTexture(gl.TEXTURE1);
      gl.texImage3D(gl.TEXTURE_3D, 0, gl.RGBA8, nx, ny, nz, 0, gl.RGBA, gl.UNSIGNED_BYTE, values);
      later();
    },
  };
}
