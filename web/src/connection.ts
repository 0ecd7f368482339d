// When the server is away: says so, that the text is safe, and asks for it again, ever more patiently.

import { isServerUp } from "./api";
import { byId } from "./dom";
import type { Store } from "./state";

const FIRST_WAIT_S = 2;
const LONGEST_WAIT_S = 30;

export class Connection {
  private readonly banner = byId("banner");
  private readonly wait = byId("banner-wait");
  private timer = 0;
  private seconds = 0;
  private left = 0;

  constructor(
    private readonly store: Store,
    private readonly onBack: () => void,
  ) {
    byId("banner-retry").addEventListener("click", () => void this.ask());
    window.addEventListener("online", () => {
      if (this.store.state.away) void this.ask();
    });
  }

  lost(): void {
    if (this.store.state.away) return;
    this.store.update({ away: true });
    this.banner.hidden = false;
    this.seconds = FIRST_WAIT_S;
    this.countDown();
  }

  private countDown(): void {
    this.left = this.seconds;
    this.showLeft();
    window.clearInterval(this.timer);
    this.timer = window.setInterval(() => {
      this.left--;
      if (this.left > 0) this.showLeft();
      else void this.ask();
    }, 1000);
  }

  private showLeft(): void {
    this.wait.textContent = `Trying again in ${this.left} s.`;
  }

  private async ask(): Promise<void> {
    window.clearInterval(this.timer);
    this.wait.textContent = "Trying again…";
    if (await isServerUp()) {
      this.store.update({ away: false });
      this.banner.hidden = true;
      this.onBack();
      return;
    }
    this.seconds = Math.min(this.seconds * 2, LONGEST_WAIT_S);
    this.countDown();
  }
}
