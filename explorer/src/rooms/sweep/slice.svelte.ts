// What can be swept over numbers of dimensions, what the reader asks for, and what was found.
import type { Slice } from "../../core/room.ts";
import type { Store } from "../../core/store.svelte.ts";
import type { Failure, State, SweepCost, SweepOffer } from "../../data/types.ts";

/** What is typed is not asked about at each letter. */
const TYPING_MS = 250;

export const sweepOf = (store: Store) => store.slice("sweep") as SweepSlice;

export class SweepSlice implements Slice {
  private readonly store: Store;
  offer = $state.raw<SweepOffer | null>(null);
  method = $state("");
  /** Numbers of dimensions, as they are typed. */
  dims = $state("");
  cost = $state.raw<SweepCost | null>(null);
  /** What is wrong with what was asked for. */
  wrong = $state.raw<Failure | null>(null);
  readonly numbers: number[] = $derived(this.dims.split(",").map((text) => text.trim()).filter((text) => text !== "").map(Number));
  private version = -1;
  private timer = 0;

  constructor(store: Store) {
    this.store = store;
  }

  take({ can, sweep_version }: State): void {
    if (!can.includes("sweep") || this.version === sweep_version) return;
    this.version = sweep_version;
    this.store.source.ask<SweepOffer>("sweep").then(
      (offer) => {
        this.offer = offer;
        this.method ||= offer.found?.method ?? offer.methods[0]?.name ?? "";
        this.dims ||= (offer.found?.dims.map((point) => point.dims) ?? offer.dims).join(", ");
        this.price();
      },
      (e) => this.store.fail(e),
    );
  }
  reset(): void {
    this.version = -1;
  }

  /** Asks what it would cost. */
  price(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      const { method, dims } = this;
      const still = () => this.method === method && this.dims === dims;
      this.store.source.ask<SweepCost>("sweep/cost", { method, dims: this.numbers.join(",") }).then(
        (cost) => {
          if (still()) [this.cost, this.wrong] = [cost, null];
        },
        (e) => {
          if (still()) [this.cost, this.wrong] = [null, this.store.told(e)];
        },
      );
    }, TYPING_MS);
  }
  start(): void {
    this.store.source.sweep?.(this.method, this.numbers).catch((e) => (this.wrong = this.store.told(e)));
  }
}
