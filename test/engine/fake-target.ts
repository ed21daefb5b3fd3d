import type { JournalPhase } from '../../src/domain/event.ts';
import type { RunId, TargetId } from '../../src/domain/ids.ts';

/** One operation of one run in one phase. */
export function effectKey(run: RunId, phase: JournalPhase, index: number): string {
  return `${run}/${phase}/${index}`;
}

/** A target that counts what was done to it, takes its time, and refuses writers whose fence is below the highest it was told. */
export class FakeTarget {
  readonly counts = new Map<string, number>();
  #fences = new Map<TargetId, number>();
  #onTheWay: { readonly target: TargetId; readonly fence: number; readonly key: string }[] = [];

  raiseFence(target: TargetId, fence: number): void {
    this.#fences.set(target, Math.max(fence, this.#fences.get(target) ?? 0));
  }

  observe(key: string): 'applied' | 'not-applied' {
    return this.counts.has(key) ? 'applied' : 'not-applied';
  }

  /** Sends a request; `slow` ones take effect when `land` is called, whatever became of their sender. */
  apply(target: TargetId, fence: number, key: string, slow: boolean): void {
    this.#onTheWay.push({ target, fence, key });
    if (!slow) this.land();
  }

  land(): void {
    for (const { target, fence, key } of this.#onTheWay.splice(0)) {
      if (fence < (this.#fences.get(target) ?? 0)) continue;
      this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    }
  }
}
