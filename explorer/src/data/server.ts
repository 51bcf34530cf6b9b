// The server of `latent explore`, as docs/http-api.md describes it.
import { parseMap } from "./header.ts";
import { type DataSource, type Listener, sheetOf, SourceError, type View } from "./source.ts";
import type { Cells, ColumnInfo, Columns, Comparison, CurveAxis, Field, Hits, KeptMap, LargestValues, Method, RowInfo, State, TablePage, TableQuery } from "./types.ts";

/** Waits this long before the events are asked for anew, when the browser has given up on them. */
const RETRY_MS = 2000;

export function serverSource(base: string): DataSource {
  const fields = new Map<number, Field>();

  async function ask(path: string, init?: RequestInit): Promise<Response> {
    let answer: Response;
    try {
      answer = await fetch(base + path, { credentials: "same-origin", ...init });
    } catch {
      throw new SourceError("The server does not answer.", "Is `latent explore` still running? Start it again and reload.");
    }
    if (answer.ok) return answer;
    let error = `The server answered ${answer.status}.`;
    let hint: string | null = null;
    try {
      const told = await answer.json();
      if (typeof told.error === "string") error = told.error;
      if (typeof told.hint === "string") hint = told.hint;
    } catch {
      // no JSON: the status says enough
    }
    throw new SourceError(error, hint, answer.status);
  }
  const json = async <T>(path: string): Promise<T> => (await ask(path)).json();
  const post = (path: string, body: unknown) =>
    ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

  async function shares(path: string): Promise<Float32Array | null> {
    const answer = await ask(path);
    return answer.status === 204 ? null : new Float32Array(await answer.arrayBuffer());
  }

  return {
    listen(listener: Listener) {
      let events: EventSource | null = null;
      let timer = 0;
      let closed = false;
      const tell = (state: State) => {
        for (const field of state.fields) fields.set(field.index, field);
        listener.state(state);
      };
      const refresh = () =>
        json<State>("state").then(
          (state) => {
            if (closed) return;
            listener.connected(true);
            tell(state);
          },
          () => !closed && listener.connected(false),
        );
      const open = () => {
        events = new EventSource(base + "events");
        events.addEventListener("open", () => {
          listener.connected(true);
          void refresh(); // what was missed meanwhile
        });
        events.addEventListener("state", (e) => tell(JSON.parse((e as MessageEvent<string>).data)));
        events.addEventListener("map", (e) => listener.map(JSON.parse((e as MessageEvent<string>).data).version));
        events.addEventListener("selection", () => listener.selected?.());
        events.addEventListener("view", () => listener.viewed?.());
        events.addEventListener("error", () => {
          listener.connected(false);
          if (events?.readyState === EventSource.CLOSED && !closed) timer = window.setTimeout(open, RETRY_MS);
        });
      };
      void refresh();
      open();
      return () => {
        closed = true;
        clearTimeout(timer);
        events?.close();
      };
    },
    async map() {
      const answer = await ask("map");
      return answer.status === 204 ? null : parseMap(await answer.arrayBuffer());
    },
    async column(index): Promise<Cells> {
      const field = fields.get(index);
      if (field?.type !== "date") {
        const bytes = await (await ask(`fields/${index}`)).arrayBuffer();
        return field?.type === "category" ? new Uint32Array(bytes) : new Float32Array(bytes);
      }
      // From the first day on, so that times keep their seconds.
      const from = Math.floor(field.min);
      return Float64Array.from(new Float32Array(await (await ask(`fields/${index}?from=${from}`)).arrayBuffer()), (day) => from + day);
    },
    ranks: async (index) => new Uint32Array(await (await ask(`fields/${index}/ranks`)).arrayBuffer()),
    columns: (query, limit) => json<Columns>(`columns?q=${encodeURIComponent(query)}&limit=${limit}`),
    async columnOf(id) {
      const [info, answer] = await Promise.all([json<ColumnInfo>(`columns/${encodeURIComponent(id)}`), ask(`columns/${encodeURIComponent(id)}/values`)]);
      const bytes = await answer.arrayBuffer();
      return { info, cells: info.type === "category" ? new Uint32Array(bytes) : new Float32Array(bytes) };
    },
    trust: () => shares("trust"),
    maps: () => json<KeptMap[]>("maps"),
    keptMap: async (id) => parseMap(await (await ask(`maps/${id}`)).arrayBuffer()),
    keptTrust: (id) => shares(`maps/${id}/trust`),
    async keptGroups(id) {
      const answer = await ask(`maps/${id}/groups`);
      return answer.status === 204 ? null : new Uint32Array(await answer.arrayBuffer());
    },
    async keptStability(id) {
      const both = await shares(`maps/${id}/stability`);
      return both && { seeds: both.slice(0, both.length / 2), draws: both.slice(both.length / 2) };
    },
    makeAgain: async (map) => void (await post("stability", { map })),
    compare: (first, second) => json<Comparison>(`maps/${first}/compare/${second}`),
    row(row, map, near = {}) {
      const asked = Object.entries({ map, ...near }).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`));
      return json<RowInfo>(`rows/${row}${asked.length > 0 ? `?${asked.join("&")}` : ""}`);
    },
    picture: (row) => `${base}rows/${row}/picture`,
    async pictures(rows, side) {
      const image = new Image();
      image.src = `${base}pictures?rows=${rows.join(",")}&side=${side}`;
      await image.decode().catch(() => {
        throw new SourceError("The thumbnails could not be fetched.");
      });
      return sheetOf(image, rows.length);
    },
    space: (id) => `${base}maps/${id}/space`,
    page: (id) => `${base}maps/${id}/page`,
    values: async (row) => new Float32Array(await (await ask(`rows/${row}/values`)).arrayBuffer()),
    largest: (row, limit) => json<LargestValues>(`rows/${row}/largest?limit=${limit}`),
    curve: () => json<CurveAxis>("curve"),
    search: (text, by, limit) => json<Hits>(`search?q=${encodeURIComponent(text)}&by=${by}&limit=${limit}`),
    searchRows: async (text, by) => new Uint32Array(await (await ask(`search/rows?q=${encodeURIComponent(text)}&by=${by}`)).arrayBuffer()),
    annotate: async (column, type, edits) => (await post("annotations", { column, type, edits })).json(),
    annotationsFile: async (format) => (await ask(`annotations?format=${format}`)).blob(),
    explain: async (rows, against) => (await post("explain", { rows: Array.from(rows), against: against && Array.from(against) })).json(),
    rowsFile: async (rows, format) => (await post("rows/save", { rows: Array.from(rows), format })).blob(),
    table: async (query: TableQuery): Promise<TablePage> => (await post("table", query)).json(),
    methods: () => json<Method[]>("methods"),
    fit: async (method, params) => void (await post("fit", { method, params })),
    fitGrid: async (method, params, vary, values) => void (await post("grid", { method, params, vary, values })),
    sweep: async (method, dims) => void (await post("sweep", { method, dims })),
    stop: async () => void (await post("stop", {})),
    open: async (file) => void (await ask(`open?name=${encodeURIComponent(file.name)}`, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file })),
    selection: async () => (await json<{ rows: number[] }>("selection")).rows,
    view: () => json<View>("view"),
    shareView: async (view) => void (await post("view", view)),
    sharePicture: async (picture) => void (await ask("view/picture", { method: "POST", headers: { "Content-Type": "image/png" }, body: picture })),
    select: async (rows) => void (await post("selection", { rows })),
    ask(path, query = {}) {
      const q = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
      return json(q === "" ? path : `${path}?${q}`);
    },
  };
}
