/** Asking for more as somebody scrolls towards the end. */

/** How far below the window the end may be when more is asked for. */
const NEAR = "1000px";

/**
 * Call `more` whenever an element is near the window, until it has nothing more to give.
 * @param {HTMLElement} end what stands at the end
 * @param {() => Promise<boolean>} more whether something came
 */
export function whenNear(end, more) {
  const observer = new IntersectionObserver(
    async (entries) => {
      if (!entries.at(-1).isIntersecting) return;
      observer.unobserve(end);
      // Observed anew, it is told again if it is still near.
      if (await more()) observer.observe(end);
    },
    { rootMargin: NEAR },
  );
  observer.observe(end);
  return () => observer.observe(end);
}
