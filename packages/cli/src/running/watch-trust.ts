const CHECK_EVERY_MS = 5_000;

/**
 * Calls when a certificate or revocation list of a trust folder has changed.
 *
 * @param refresh - of the folder; a file that cannot be used is told once, until it is another one.
 * @returns what ends the watching.
 */
export function watchTrust(
  refresh: () => Promise<boolean>,
  changed: () => Promise<void>,
  tell: (error: unknown) => void,
): () => void {
  let told: string | undefined;
  let isBusy = false;
  const look = async (): Promise<void> => {
    if (isBusy) return;
    isBusy = true;
    try {
      if (await refresh()) await changed();
      told = undefined;
    } catch (error) {
      if (String(error) !== told) tell(error);
      told = String(error);
    } finally {
      isBusy = false;
    }
  };
  const timer = setInterval(() => void look(), CHECK_EVERY_MS);
  timer.unref();
  return () => clearInterval(timer);
}
