/** Closes in the order opposite to that of opening; what is closed leaves the list. */
export async function closeAll(closers: (() => void | Promise<void>)[]): Promise<void> {
  for (const close of closers.splice(0).toReversed()) await close();
}
